import { parseShape } from '#shared/config/issues.ts';
import { type Problem, suggest, writePath } from '#shared/config/problem.ts';
import type { CheckoutConfig, RelayConfig } from '#shared/config/schema.ts';
import { RelayError } from '#shared/errors.ts';
import { type CheckoutRequested, type Message, messageSchema } from '#shared/messages.ts';

/** What of relay.yaml a message is held against. */
export type Rules = Pick<RelayConfig, 'connections' | 'syncs' | 'checkouts'>;

/**
 * The message in the body of a queue's record, checked against relay.yaml. Pure; `now` is in epoch milliseconds.
 *
 * @throws RelayError `MessageInvalid` with every field that is wrong and what to do about it. It repeats names of fields
 * and of entries of relay.yaml, and no other value: a credential in the wrong place must not travel on.
 */
export const readMessage = (body: string, rules: Rules, now: number): Message => {
  const { data, problems } = parseShape(messageSchema, parseJson(body));
  if (data === undefined) throw invalid(problems);
  const inconsistencies = checkAgainst(rules, data, now);
  if (inconsistencies.length > 0) throw invalid(inconsistencies);
  return data;
};

const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    throw invalid([{ path: [], message: 'is not JSON; send one JSON object' }]);
  }
};

const invalid = (problems: readonly Problem[]): RelayError =>
  new RelayError(
    'MessageInvalid',
    problems.map(({ path, message }) => `${writePath(path, 'the whole message')}: ${message}`).join('; '),
  );

const checkAgainst = ({ connections, checkouts }: Rules, message: Message, now: number): Problem[] => {
  if (message.type === 'credential.changed') return checkName('connection', message.connection, connections);
  const rule = Object.hasOwn(checkouts, message.checkout) ? checkouts[message.checkout] : undefined;
  if (rule === undefined) return checkName('checkout', message.checkout, checkouts);
  return message.type === 'checkout.requested' ? checkWindow(message.window, rule, now) : [];
};

const checkName = (field: string, name: string, entries: Readonly<Record<string, unknown>>): Problem[] => {
  if (Object.hasOwn(entries, name)) return [];
  const known = Object.keys(entries);
  const advice = known.length === 0 ? 'there are none in relay.yaml' : suggest(name, known);
  return [{ path: [field], message: `is not in relay.yaml; ${advice}` }];
};

/** A window without a beginning begins now, and so gets shorter as time passes: what was fine stays fine when it comes again. */
const checkWindow = (
  window: CheckoutRequested['window'],
  { longestMinutes }: Pick<CheckoutConfig, 'longestMinutes'>,
  now: number,
): Problem[] => {
  const tooLong = `is longer than the rule allows; ask for at most ${longestMinutes} minutes`;
  if ('minutes' in window) {
    return window.minutes > longestMinutes ? [{ path: ['window', 'minutes'], message: tooLong }] : [];
  }
  const path = ['window', 'until'];
  const from = window.from === undefined ? now : Date.parse(window.from);
  const until = Date.parse(window.until);
  if (window.from !== undefined && until <= from) return [{ path, message: 'is not after window.from; swap them' }];
  return until - from > longestMinutes * 60_000 ? [{ path, message: tooLong }] : [];
};
