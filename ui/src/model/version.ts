// Which version this is; a test compares it with the program's.

/** As it stands in the workspace. */
export const VERSION = '0.1.0';
