// Numbers as the page's language writes them, whatever the browser's own language is.
const language = document.documentElement.lang;

export function number(value, decimals = 0) {
  return new Intl.NumberFormat(language, { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(value);
}

export function shortNumber(value, digits = 4) {
  return new Intl.NumberFormat(language, { maximumSignificantDigits: digits }).format(value);
}

export function percent(share) {
  return `${number(100 * share, 1)} %`;
}
