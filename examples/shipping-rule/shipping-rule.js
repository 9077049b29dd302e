/**
 * A shipping rule: which ways of delivery a customer is offered, at what price, and which ones are hidden and why.
 *
 * `run` is the function that the world in `world.wit` exports. What it returns is the output; what it throws becomes
 * the error value of the result. All prices are in the smallest unit of the cart's currency.
 */
const euCountries = new Set(
  'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' '),
);

const freeShippingFrom = 10_000;
const letterGramsMax = 500;
const parcelGramsMax = 31_500;

const methods = [
  {
    code: 'letter',
    why: ({ weightGrams }) => weightGrams > letterGramsMax && `heavier than ${letterGramsMax} g`,
    price: () => 290,
  },
  {
    code: 'parcel',
    why: ({ weightGrams }) => weightGrams > parcelGramsMax && `heavier than ${parcelGramsMax} g`,
    price: ({ country, weightGrams, subtotal }) => {
      if (country === 'DE' && subtotal >= freeShippingFrom) return 0;
      return (euCountries.has(country) ? 590 : 1_490) + Math.ceil(weightGrams / 1_000) * 50;
    },
  },
  {
    code: 'express',
    why: ({ country }) => !euCountries.has(country) && `not offered in ${country}`,
    price: ({ weightGrams }) => 1_290 + Math.ceil(weightGrams / 1_000) * 120,
  },
];

export function run(input) {
  const { destination, weightGrams, subtotal } = JSON.parse(input);
  const country = destination?.country;
  if (!/^[A-Z]{2}$/.test(country)) throw `no such country: ${country}`;
  const order = { country, weightGrams, subtotal };
  const rates = [];
  const hidden = [];
  for (const { code, why, price } of methods) {
    const reason = why(order);
    if (reason) hidden.push({ code, reason });
    else rates.push({ code, amount: price(order) });
  }
  return JSON.stringify({ rates, hidden });
}
