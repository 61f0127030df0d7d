/**
 * Names that people give to things of ours, such as sources and tokens: what such a name may look like, so
 * that it reads the same in events, paths, commands and the log.
 */

export const plainName = /^[a-z0-9-]{1,32}$/;

/** The same in words. */
export const plainNameShape = '1 to 32 of a-z, 0-9 and "-"';
