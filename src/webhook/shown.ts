/**
 * A URL as it may be shown: without its query, which may hold a secret. Pure.
 */

/** @param url as it was typed */
export function shownUrl(url: string): string {
  const [place = ''] = url.split(/[?#]/, 1);
  return place === url ? url : `${place}?…`;
}
