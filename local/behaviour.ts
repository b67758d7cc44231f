// What AWS does not document about Cognito, or what sources disagree on: the local pool can play each variant.

/**
 * What Cognito does after NEW_PASSWORD_REQUIRED inside CUSTOM_AUTH. Each was reported or is expected:
 * `define`: Define is called with the same two entries.
 * `define-with-entry`: Define is called with one entry more, NEW_PASSWORD_REQUIRED.
 * `define-first`: Define was called before the new password was asked for; its answer is kept, and Create follows.
 * `tokens`: tokens at once, through Pre Token Generation with TokenGeneration_NewPasswordChallenge
 * (amazon-cognito-identity-js #341).
 */
export const AFTER_NEW_PASSWORD = ['define', 'define-with-entry', 'define-first', 'tokens'] as const

export type AfterNewPassword = (typeof AFTER_NEW_PASSWORD)[number]

/**
 * What Cognito does after a native second factor inside CUSTOM_AUTH; sources disagree:
 * `define-with-entry`: Define is called with the factor as an entry (CUSTOM_CHALLENGE followed in amplify-js #4888).
 * `tokens`: tokens at once (amplify-js #3876).
 */
export const AFTER_NATIVE_FACTOR = ['define-with-entry', 'tokens'] as const

export type AfterNativeFactor = (typeof AFTER_NATIVE_FACTOR)[number]

export interface Behaviour {
  afterNewPassword: AfterNewPassword
  afterNativeFactor: AfterNativeFactor
}
