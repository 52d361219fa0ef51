// Numbers are binary inside, and people write decimals: 0.1 + 0.2 is to be 0.3.

/** The nearest number of 15 significant digits, which is as many as a binary fraction always keeps. */
export function rounded(number) {
  return Number.isInteger(number) || !Number.isFinite(number) ? number : +number.toPrecision(15);
}

export function sumOf(list) {
  return list.reduce((sum, number) => rounded(sum + number), 0);
}
