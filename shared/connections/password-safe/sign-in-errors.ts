import { interpreter, NOT_THE_API, type Verdict } from '#shared/connections/password-safe/errors.ts';
import { type Answer, isPage } from '#shared/http/answer.ts';
import type { Interpreter } from '#shared/http/http.ts';

/**
 * What refusals at sign-in mean. The vault itself never tells which factor failed: what can be told apart is told apart
 * here, and the rest says what to look at. `docs/sign-in.md` lists all causes.
 */

const CHALLENGE_HEADER = 'www-authenticate-2fa';

/** Whether the vault asks for a second factor, to be answered on the same session. */
export const isChallenge = ({ status, headers }: Pick<Answer, 'status' | 'headers'>): boolean =>
  status === 401 && headers[CHALLENGE_HEADER] !== undefined;

const CHALLENGE_UNANSWERABLE: Verdict = [
  'SignInRefused',
  'The vault asks for the code of a second factor, and the bootstrap secret has no totpSeed. Put the seed of the user into it, or use a user without two-factor authentication.',
];

const ANSWER_REFUSED: Verdict = [
  'SignInRefused',
  'The vault refused the code of the second factor. Check that totpSeed in the bootstrap secret is the seed of this very user, and the clock of the vault. A vault that takes each code only once also refuses a second sign-in within the same 30 seconds: use a user without two-factor authentication for syncs then.',
];

/** IIS refuses callers without a trusted certificate before the API sees them, by a page of its own. */
const REFUSED_BY_PAGE: Verdict = [
  'SignInRefused',
  'A page, not the API, refused it. Web servers do so to callers without a client certificate that they trust: where the API registration requires one, set authentication.clientCertificate in relay.yaml, and check that the certificate has not expired and that the vault trusts the CA that signed it. Otherwise a proxy in between keeps the relay out.',
];

const LICENCE_REFUSED: Verdict = [
  'LicenceRefused',
  'The licence of Password Safe is not valid, or the user may not use the API, or is quarantined. Ask whoever runs the vault.',
];

const readRefusal = (answer: Answer, unauthorized: Verdict): Verdict | undefined => {
  if (answer.status === 401) return unauthorized;
  if (answer.status === 403) return isPage(answer) ? REFUSED_BY_PAGE : LICENCE_REFUSED;
  return answer.status === 404 ? NOT_THE_API : undefined;
};

export interface SignInReading {
  /** What to look at when these factors are refused. */
  readonly advice: string;
  /** Whether the factors can answer a challenge, which then is no refusal. */
  readonly answersChallenge: boolean;
  /** Whether somebody was asked to approve by a push. */
  readonly pushes: boolean;
}

/** For signing in: a 401 is final, because every failure is audited and mailed to an administrator. */
export const interpretSignIn = ({ advice, answersChallenge, pushes }: SignInReading): Interpreter =>
  interpreter((answer) => {
    if (isChallenge(answer)) return answersChallenge ? 'fine' : CHALLENGE_UNANSWERABLE;
    return readRefusal(answer, [
      'SignInRefused',
      `The vault does not tell callers which factor failed: look for the user in its User Audit. ${pushes ? 'Somebody may have denied the push. ' : ''}${advice}`,
    ]);
  });

/** For the answer to a challenge, of which there is one. */
export const interpretChallengeAnswer = interpreter((answer) => readRefusal(answer, ANSWER_REFUSED));

/** For signing out: a session that is over already is what we want. */
export const interpretSignOut = interpreter((answer) => (answer.status === 401 ? 'fine' : undefined));

const CLIENT_REFUSED: Verdict = [
  'SignInRefused',
  'Check clientId and clientSecret in the bootstrap secret; that the API registration is of the type API Access Policy and assigned to the user; and that the user is an application user.',
];

const CLIENT_SECRET_EXPIRED: Verdict = [
  'SignInRefused',
  'The client secret has expired. Make a new one in the vault and put it into the bootstrap secret.',
];

const CLIENT_KEPT_OUT: Verdict = [
  'SignInRefused',
  'The API registration keeps the relay out: check its rules for addresses (IP and X-Forwarded-For), and whether it requires a client certificate, or the PSRUN signature, which the relay can not give.',
];

const tokenRefused = (answer: Answer): Verdict => {
  if (isPage(answer)) return REFUSED_BY_PAGE;
  if (/\binvalid_grant\b/.test(answer.text)) return CLIENT_SECRET_EXPIRED;
  return answer.status === 401 && !/\binvalid_client\b/.test(answer.text) ? CLIENT_KEPT_OUT : CLIENT_REFUSED;
};

/** For the token call, whose refusals differ by version (reference: 1.3, failure). */
export const interpretToken = interpreter((answer) => {
  if ([400, 401, 403].includes(answer.status)) return tokenRefused(answer);
  return answer.status === 404 ? NOT_THE_API : undefined;
});
