// A JSON reader and writer over bytes, as most functions spend their time.
const source = '{"cart":{"lines":[{"id":"gid://1","quantity":3,"price":19.99},{"id":"gid://2","quantity":1,"price":5}],"customer":{"tags":["vip","b2b"],"name":"Ada"},"ok":true,"none":null}}';
const input = String.UTF8.encode(source);
const bytes = changetype<usize>(input);
const length = source.length;
let at: i32 = 0;
let sum: i32 = 0;

function peek(): i32 {
  return at < length ? load<u8>(bytes + at) : 0;
}

function space(): void {
  while (at < length && load<u8>(bytes + at) <= 32) at++;
}

function text(): void {
  at++;
  while (peek() != 34) {
    if (peek() == 92) at++;
    sum = sum * 31 + peek();
    at++;
  }
  at++;
}

function list(close: i32, keyed: bool): void {
  at++;
  space();
  while (peek() != close) {
    if (keyed) {
      text();
      space();
      at++;
    }
    value();
    space();
    if (peek() == 44) at++;
    space();
  }
  at++;
}

function number(): void {
  let n = 0;
  while ((peek() >= 48 && peek() <= 57) || peek() == 46) {
    n = n * 10 + peek() - 48;
    at++;
  }
  sum += n;
}

function value(): void {
  space();
  const c = peek();
  if (c == 123) list(125, true);
  else if (c == 91) list(93, false);
  else if (c == 34) text();
  else if (c >= 48 && c <= 57) number();
  else while (peek() >= 97 && peek() <= 122) at++;
}

export function run(): i32 {
  sum = 0;
  for (let round = 0; round < 4_000; round++) {
    at = 0;
    value();
  }
  return sum;
}

/** One document: what a small function does with one event. */
export function once(): i32 {
  at = 0;
  value();
  return sum;
}
