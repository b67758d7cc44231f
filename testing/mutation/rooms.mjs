// What is mutated, by room, and which tests have to notice it.

/** Tests that are left out: they take seconds, for each mutant again. What only they notice counts as not noticed. */
export const LEFT_OUT = [
  'each digit stands equally often in each place',
  'every session of up to seven challenges ends as the specification says',
  'every two entries as they are',
  'two entries of one class cannot be told apart',
  'nothing makes it throw, and nothing but the password and a code',
  'the code of one user, client, pool or round opens no other',
  'no other answer is accepted',
  'whatever the app is called, it stays text in the HTML',
  'the message is ASCII in short lines, and no text adds a header',
  'a parser of mails reads the same sender, subject and bodies',
  'an encoded word has at most 75 characters',
]

/** The tests of the rules need no server, so hundreds of mutants take minutes. */
const RULES = [
  'answer-verdict',
  'brand-color',
  'challenge-sequence',
  'code',
  'code-round',
  'limit',
  'log',
  'mail',
  'mailbox',
  'private-parameters',
  'redaction',
  'settings',
  'trigger-event',
  'lazy-crypto',
  'mail-message',
  'own-mail',
]

export const ROOMS = {
  rules: {
    mutate: RULES.map(name => `shared/${name}.ts`),
    tests: [
      '**/functions/@(define-auth-challenge|pre-token-generation).test.ts',
      `**/shared/@(${RULES.join('|')}|event-record).test.ts`,
    ],
  },
  handlers: {
    mutate: [
      'functions/*.ts',
      'shared/@(code-mail|deadline|early-connection|errors|event-record|limit-table|mail-limit|public-parameters|trigger-answer|lambda-sdk).ts',
      '!**/*.test.ts',
    ],
    tests: [
      '**/functions/!(guesses).test.ts',
      '**/shared/@(code-mail|deadline|early-connection|event-record|limit-table|mail|ses|settings).test.ts',
    ],
  },
  // By the handlers it would take an hour.
  sending: {
    mutate: ['shared/ses.ts'],
    tests: ['**/shared/@(code-mail|early-connection|ses).test.ts'],
  },
  texts: {
    mutate: [
      'shared/locales.ts',
      'shared/locales/*.ts',
      'shared/mail-module.ts',
      'shared/setting-descriptors.ts',
    ],
    tests: ['**/shared/@(mail|settings).test.ts'],
  },
  // The tests that meet a pool take minutes for a mutant; these run on scripted answers.
  client: {
    mutate: ['client/sign-in*.ts', '!**/*.test.ts'],
    tests: ['**/client/@(scripted-answers|sign-in-state).test.ts'],
  },
  // Its tests wait for what Cognito shows late, seconds in all.
  writes: {
    mutate: ['pool/carry-out.ts'],
    tests: ['**/pool/carry-out.test.ts'],
  },
  // What decides which settings and users are changed; the tests that meet a pool take minutes for a mutant.
  pool: {
    mutate: [
      'pool/@(app-clients|attach|backup|detach|fix|plan).ts',
      'pool/migrate/@(enable|finish|journal|move-rules|native-users).ts',
      '!**/*.test.ts',
    ],
    tests: [
      '**/pool/@(app-clients|attach-plan|backup|detach|fix|plan).test.ts',
      '**/pool/migrate/@(enable|finish|journal|move-rules|native-users).test.ts',
    ],
  },
}
