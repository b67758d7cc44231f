// How people call the command, in every text that prints one to be pasted.

/** Begins each printed command of this package; it works in a clone and where the package is installed. */
export const COMMAND = 'npx cognito-email-code'
