// A password that the tests set at a first sign-in.

export const NEW_PASSWORD = 'Chosen-by-me-1'
