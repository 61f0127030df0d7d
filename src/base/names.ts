/**
 * Names that people give to things of ours, such as sources and tokens, and those they have themselves: what
 * such a name may look like, so that it reads the same in events, paths, commands and the log.
 */

export const plainName = /^[a-z0-9-]{1,32}$/;

/** The same in words. */
export const plainNameShape = '1 to 32 of a-z, 0-9 and "-"';

const longestEmail = 254;

/** What is taken for an e-mail address: something, an "@", something; nothing that cannot be seen. */
export function isEmail(text: string): boolean {
  return text.length <= longestEmail && /^[^\s@\p{C}]+@[^\s@\p{C}]+$/u.test(text);
}

export const emailShape = 'an e-mail address of 254 characters at most';

/** An e-mail address as it is compared: case makes no difference. */
export function emailKey(email: string): string {
  return email.toLowerCase();
}
