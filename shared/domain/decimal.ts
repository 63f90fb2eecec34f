/** Significant digits and exponent of a decimal number. Undefined for another notation. */
const decimalOf = (text: string): string | undefined => {
  const match = /^[-+]?(\d*)\.?(\d*)(?:e([-+]?\d+))?$/i.exec(text);
  if (match === null) return undefined;
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  return kept === '' ? '0' : `${kept}e${Number(exponent) - fraction.length + digits.length - kept.length}`;
};

/**
 * True if a number has all digits that were written. Another notation than decimal counts as exact: octal and
 * hexadecimal numbers are whole. Pure.
 */
export const isExact = (number: number, written: string): boolean => {
  const decimal = decimalOf(written);
  return decimal === undefined || decimal === decimalOf(String(number));
};
