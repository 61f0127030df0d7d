/**
 * Which of the forms that we can give a client wants: the Accept header (RFC 9110 §12.5.1). Pure.
 */

interface Range {
  readonly type: string;
  readonly quality: number;
}

/** More ranges than this are not looked at; real clients send a handful. */
const longestList = 64;

/**
 * The best of `offers` for this Accept header, or undefined when none of them is acceptable. Among equals
 * the earlier offer wins; so it does when there is no header.
 * @param offers media types without parameters, in lower case
 */
export function preferred<T extends string>(
  accept: string | undefined,
  offers: readonly T[],
): T | undefined {
  if (accept === undefined || accept.trim() === '') return offers[0];
  const ranges = accept.split(',').slice(0, longestList).map(readRange);
  let best: T | undefined;
  let bestQuality = 0;
  for (const offer of offers) {
    const quality = qualityOf(offer, ranges);
    if (quality <= bestQuality) continue;
    best = offer;
    bestQuality = quality;
  }
  return best;
}

function readRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  const quality = weight === undefined ? 1 : Number(weight);
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

/** The quality of the most specific range that covers the offer; 0 when none does. */
function qualityOf(offer: string, ranges: readonly Range[]): number {
  const [main = ''] = offer.split('/');
  for (const covering of [offer, `${main}/*`, '*/*']) {
    const range = ranges.find(({ type }) => type === covering);
    if (range !== undefined) return range.quality;
  }
  return 0;
}
