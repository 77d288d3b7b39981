// The server counts characters as Unicode does; a script's length counts some of them twice.
export function lengthOf(text) {
  return [...text].length;
}
