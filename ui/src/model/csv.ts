// A look at the first rows of a CSV text, for examples beside its columns. What an import takes, the node decides.

const SEPARATORS = [',', ';', '\t'];
/** A first row longer than this is no list that anyone could look at. */
const LOOKED_AT_CHARS = 100_000;

/** The first rows below the header, cell by cell. */
export function firstRows(csv: string, rows: number): string[][] {
  const text = csv.replace(/^\ufeff/, '').slice(0, LOOKED_AT_CHARS);
  const head = text.split('\n', 1)[0] ?? '';
  const pieces = (separator: string): number => head.split(separator).length;
  const separator = SEPARATORS.reduce((best, each) => (pieces(each) > pieces(best) ? each : best));
  const found: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < text.length && found.length <= rows; i++) {
    const char = text.charAt(i);
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text.charAt(i + 1) === '"') { cell += '"'; i += 1; }
      else quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === separator) { row.push(cell); cell = ''; }
    else if (char === '\n') { found.push([...row, cell.replace(/\r$/, '')]); row = []; cell = ''; }
    else cell += char;
  }
  if (found.length <= rows && (cell !== '' || row.length > 0)) found.push([...row, cell]);
  return found.slice(1, rows + 1);
}
