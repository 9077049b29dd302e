import { fail } from './wasi';

/** Reads JSON from front to back. Just what a flat document needs: objects, lists, strings, whole numbers. */
export class JsonReader {
  private at: i32 = 0;
  constructor(private readonly text: string) {}

  accept(mark: string): bool {
    this.space();
    if (this.text.charAt(this.at) != mark) return false;
    this.at++;
    return true;
  }

  expect(mark: string): void {
    if (!this.accept(mark)) fail("the cart can't be read: expected " + mark + ' at ' + this.at.toString());
  }

  /** The text between the quotes, escapes left as they are, so that it can be written back unchanged. */
  string(): string {
    this.expect('"');
    const start = this.at;
    while (this.at < this.text.length && this.text.charAt(this.at) != '"') {
      this.at += this.text.charAt(this.at) == '\\' ? 2 : 1;
    }
    const found = this.text.substring(start, this.at);
    this.expect('"');
    return found;
  }

  integer(): i64 {
    this.space();
    let value: i64 = 0;
    const start = this.at;
    while (this.digit()) value = value * 10 + (this.text.charCodeAt(this.at++) - 48);
    if (this.at == start) fail("the cart can't be read: expected a number at " + start.toString());
    return value;
  }

  /** Steps over a value that nobody needs. */
  skip(depth: i32 = 0): void {
    if (depth > 16) fail("the cart can't be read: nested too deep");
    if (this.accept('{')) {
      if (this.accept('}')) return;
      do {
        this.string();
        this.expect(':');
        this.skip(depth + 1);
      } while (this.accept(','));
      this.expect('}');
    } else if (this.accept('[')) {
      if (this.accept(']')) return;
      do this.skip(depth + 1);
      while (this.accept(','));
      this.expect(']');
    } else if (this.text.charAt(this.at) == '"') this.string();
    else while (this.at < this.text.length && !',]} \n'.includes(this.text.charAt(this.at))) this.at++;
  }

  private space(): void {
    while (this.at < this.text.length && this.text.charCodeAt(this.at) <= 32) this.at++;
  }

  private digit(): bool {
    const code = this.text.charCodeAt(this.at);
    return this.at < this.text.length && code >= 48 && code <= 57;
  }
}
