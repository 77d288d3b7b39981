// Numbers as the page's language writes them, regardless of the browser's own language.
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

// As apps/core/sizes.py says it: decimal units.
export function size(bytes) {
  const unit = [[1e12, "TB"], [1e9, "GB"], [1e6, "MB"], [1e3, "kB"]].find(([amount]) => bytes >= amount * 0.99995);
  return unit ? `${number(bytes / unit[0], 1)} ${unit[1]}` : `${number(bytes)} B`;
}
