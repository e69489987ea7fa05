#pragma once
/* What Glibc does not show to Swift: variadic functions, function-like macros and system calls without a wrapper. */
