// A volume discount: the more of one article a customer buys, the cheaper each becomes.
//
// A Tenon function is an ordinary program: input on standard input, output on standard output, log on standard error.
// C has no JSON in its library; this reads just what the cart needs and refuses the rest, which keeps the module small.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_BYTES_MAX = 131072, NAME_BYTES_MAX = 256 };

static char input[INPUT_BYTES_MAX + 1];
static const char *at = input;

static void fail(const char *what) {
  fprintf(stderr, "the cart can't be read: %s at byte %ld\n", what, (long)(at - input));
  exit(1);
}

static void space(void) {
  while (*at && isspace((unsigned char)*at)) at++;
}

static int accept(char wanted) {
  space();
  if (*at != wanted) return 0;
  at++;
  return 1;
}

static void expect(char wanted) {
  if (!accept(wanted)) {
    char what[] = "expected ?";
    what[9] = wanted;
    fail(what);
  }
}

// Copies a string as it is written, escapes included, so that it can be written back unchanged.
static void string(char *out) {
  size_t length = 0;
  expect('"');
  while (*at && *at != '"') {
    size_t step = *at == '\\' && at[1] ? 2 : 1;
    if (length + step >= NAME_BYTES_MAX) fail("a string is too long");
    memcpy(out + length, at, step);
    length += step;
    at += step;
  }
  out[length] = 0;
  expect('"');
}

static long long integer(void) {
  space();
  char *end;
  long long value = strtoll(at, &end, 10);
  if (end == at || value < 0) fail("expected a number");
  at = end;
  return value;
}

static void skip_value(int depth) {
  static char ignored[NAME_BYTES_MAX];
  space();
  if (depth > 16) fail("nested too deep");
  if (*at == '"') {
    string(ignored);
  } else if (accept('{')) {
    if (accept('}')) return;
    do {
      string(ignored);
      expect(':');
      skip_value(depth + 1);
    } while (accept(','));
    expect('}');
  } else if (accept('[')) {
    if (accept(']')) return;
    do skip_value(depth + 1);
    while (accept(','));
    expect(']');
  } else {
    while (*at && !strchr(",]} \t\r\n", *at)) at++;
  }
}

static int percent_for(long long quantity) {
  if (quantity >= 100) return 15;
  if (quantity >= 50) return 10;
  return quantity >= 10 ? 5 : 0;
}

struct tally { int lines, discounts; };

static void line(struct tally *tally) {
  char key[NAME_BYTES_MAX], sku[NAME_BYTES_MAX] = "";
  long long quantity = 0, unit_price = 0;
  expect('{');
  if (!accept('}')) {
    do {
      string(key);
      expect(':');
      if (!strcmp(key, "sku")) string(sku);
      else if (!strcmp(key, "quantity")) quantity = integer();
      else if (!strcmp(key, "unitPrice")) unit_price = integer();
      else skip_value(0);
    } while (accept(','));
    expect('}');
  }
  tally->lines++;
  int percent = percent_for(quantity);
  if (!percent) return;
  printf("%s{\"sku\":\"%s\",\"percent\":%d,\"amount\":%lld}", tally->discounts++ ? "," : "", sku, percent,
         quantity * unit_price * percent / 100);
}

int main(void) {
  char key[NAME_BYTES_MAX], currency[NAME_BYTES_MAX] = "";
  struct tally tally = {0, 0};
  input[fread(input, 1, INPUT_BYTES_MAX, stdin)] = 0;
  printf("{\"discounts\":[");
  expect('{');
  do {
    string(key);
    expect(':');
    if (!strcmp(key, "currency")) {
      string(currency);
    } else if (!strcmp(key, "lines")) {
      expect('[');
      if (!accept(']')) {
        do line(&tally);
        while (accept(','));
        expect(']');
      }
    } else {
      skip_value(0);
    }
  } while (accept(','));
  expect('}');
  printf("],\"currency\":\"%s\"}\n", currency);
  fprintf(stderr, "%d of %d lines get a discount\n", tally.discounts, tally.lines);
  return 0;
}
