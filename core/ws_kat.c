/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <ws_env.h>
typedef int ws_kat_empty;
