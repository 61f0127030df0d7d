/**
 * The "URL Parameters" of a destination as its dashboard has them: text with `%NAME%` where a value belongs,
 * and `%%` for a percent sign. Pure.
 */

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string }
  /** A percent sign that neither begins a name nor is doubled. */
  | { readonly kind: 'lone'; readonly near: string };

const sign = /%%|%([A-Za-z0-9_]+)%|%/g;
const nearChars = 12;

export function piecesOf(template: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  const text = (upTo: number): void => {
    if (upTo > end) pieces.push({ kind: 'text', text: template.slice(end, upTo) });
  };
  for (const match of template.matchAll(sign)) {
    const [whole, name] = match;
    text(match.index);
    end = match.index + whole.length;
    if (name !== undefined) pieces.push({ kind: 'parameter', name });
    else if (whole === '%%') pieces.push({ kind: 'text', text: '%' });
    else pieces.push({ kind: 'lone', near: template.slice(match.index, match.index + nearChars) });
  }
  text(template.length);
  return pieces;
}

/**
 * The template with values in place.
 * @param valueOf what a name stands for, encoded; empty for one that is not known
 * @param asTyped makes of the template's own text what a request can hold
 */
export function filled(
  template: string,
  valueOf: (name: string) => string,
  asTyped: (text: string) => string,
): string {
  return piecesOf(template)
    .map((piece) => {
      if (piece.kind === 'parameter') return valueOf(piece.name);
      return piece.kind === 'text' ? asTyped(piece.text) : '%25';
    })
    .join('');
}
