// A volume discount: the more of one article a customer buys, the cheaper each becomes.
import { JsonReader } from './json';
import { readInput, write } from './wasi';

function percentFor(quantity: i64): i64 {
  if (quantity >= 100) return 15;
  if (quantity >= 50) return 10;
  return quantity >= 10 ? 5 : 0;
}

/** One line of the cart as a discount, or an empty text when there is none. Prices are in the smallest unit. */
function discount(reader: JsonReader): string {
  let sku = '';
  let quantity: i64 = 0;
  let unitPrice: i64 = 0;
  reader.expect('{');
  do {
    const key = reader.string();
    reader.expect(':');
    if (key == 'sku') sku = reader.string();
    else if (key == 'quantity') quantity = reader.integer();
    else if (key == 'unitPrice') unitPrice = reader.integer();
    else reader.skip();
  } while (reader.accept(','));
  reader.expect('}');
  const percent = percentFor(quantity);
  if (percent == 0) return '';
  const amount = (quantity * unitPrice * percent) / 100;
  return '{"sku":"' + sku + '","percent":' + percent.toString() + ',"amount":' + amount.toString() + '}';
}

let currency = '';
let lines = 0;
const discounts: string[] = [];
const reader = new JsonReader(readInput(131_072));
reader.expect('{');
do {
  const key = reader.string();
  reader.expect(':');
  if (key == 'currency') currency = reader.string();
  else if (key == 'lines') {
    reader.expect('[');
    if (!reader.accept(']')) {
      do {
        const text = discount(reader);
        lines++;
        if (text != '') discounts.push(text);
      } while (reader.accept(','));
      reader.expect(']');
    }
  } else reader.skip();
} while (reader.accept(','));
reader.expect('}');
write(2, discounts.length.toString() + ' of ' + lines.toString() + ' lines get a discount\n');
write(1, '{"currency":"' + currency + '","discounts":[' + discounts.join(',') + ']}\n');
