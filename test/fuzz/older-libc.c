/* What glibc 2.38 and GCC 13 call by new names and older ones do by old ones; see older-libc.cjs. */
#include <stdlib.h>

long __isoc23_strtol(const char *text, char **end, int base) { return strtol(text, end, base); }

unsigned long __isoc23_strtoul(const char *text, char **end, int base) {
  return strtoul(text, end, base);
}

/* Makes the streams of C++; before GCC 13 whoever used them did that. */
extern void _ZNSt8ios_base4InitC1Ev(void *) __attribute__((weak));

void _ZSt21ios_base_library_initv(void) {
  static char once;
  if (_ZNSt8ios_base4InitC1Ev) _ZNSt8ios_base4InitC1Ev(&once);
}
