import * as z from 'zod';
import { parseShape } from '#shared/config/issues.ts';
import { type Problem, suggest, writePath } from '#shared/config/problem.ts';
import type { CheckoutConfig, RelayConfig, RotationConfig, SyncConfig } from '#shared/config/schema.ts';
import type { AddressRules } from '#shared/domain/addressing.ts';
import { checkInputs } from '#shared/domain/blueprint/inputs.ts';
import { minutesLeft } from '#shared/domain/checkout/window.ts';
import type { Labels } from '#shared/domain/item.ts';
import { shorten } from '#shared/domain/text.ts';
import { RelayError } from '#shared/errors.ts';
import { checkAddress } from '#shared/messages/address.ts';
import type { MemberMessage } from '#shared/messages/member-messages.ts';
import {
  type CheckoutRequested,
  type DeprovisionRequested,
  type Message,
  messageSchema,
  type ProvisionRequested,
} from '#shared/messages/messages.ts';
import type { RotationRequested } from '#shared/messages/rotation-messages.ts';

/** Parts of relay.yaml that a message is checked against. */
export type Rules = Pick<
  RelayConfig,
  'connections' | 'syncs' | 'checkouts' | 'rotations' | 'provisioning' | 'directories' | 'intake'
>;

/** Returns the address rules for the items of a rule; undefined if they cannot be addressed. */
export type AddressOf = (rule: SyncConfig | CheckoutConfig | RotationConfig) => Promise<AddressRules | undefined>;

/**
 * Parses the body of a queue record and checks the message against relay.yaml. `now` is in epoch milliseconds.
 *
 * @throws RelayError `MessageInvalid` with the invalid fields and their fixes. It repeats names of fields, also of
 * unknown ones, and of entries of relay.yaml, but no value: a credential in the wrong field must not be passed on.
 */
export const readMessage = async (body: string, rules: Rules, now: number, addressOf: AddressOf): Promise<Message> => {
  const { data, problems } = parseShape(messageSchema, parseJson(body));
  if (data === undefined) throw invalid(problems);
  const inconsistencies = checkAgainst(rules, data, now);
  if (inconsistencies.length > 0) throw invalid(inconsistencies);
  const unaddressable = await checkItems(rules, data, addressOf);
  if (unaddressable.length > 0) throw invalid(unaddressable);
  return data;
};

const parseJson = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    throw invalid([{ path: [], message: 'is not JSON; send one JSON object' }]);
  }
};

/** More problems than anyone corrects at once. Each repeats a name, which can be long. */
const MAX_PROBLEMS = 20;
const MAX_PROBLEM_CHARACTERS = 400;

const invalid = (problems: readonly Problem[]): RelayError => {
  const lines = problems
    .slice(0, MAX_PROBLEMS)
    .map(({ path, message }) => shorten(`${writePath(path, 'the whole message')}: ${message}`, MAX_PROBLEM_CHARACTERS));
  const more = problems.length - lines.length;
  return new RelayError('MessageInvalid', [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('; '));
};

const checkAgainst = (rules: Rules, message: Message, now: number): Problem[] => {
  const { connections, checkouts } = rules;
  if (message.type === 'provision.requested' || message.type === 'deprovision.requested')
    return checkSubject(rules, message);
  if ('directory' in message) return checkDirectory(rules, message);
  if (message.type === 'credential.changed') return checkName('connection', message.connection, connections);
  if (message.type === 'rotation.requested') return checkRotation(rules, message);
  if ('rotation' in message) return checkName('rotation', message.rotation, rules.rotations);
  const rule = ruleIn(checkouts, message.checkout);
  if (rule === undefined) return checkName('checkout', message.checkout, checkouts);
  return message.type === 'checkout.requested' ? checkWindow(message.window, rule, now) : [];
};

const checkRotation = ({ rotations }: Pick<Rules, 'rotations'>, message: RotationRequested): Problem[] => {
  const rule = Object.hasOwn(rotations, message.rotation) ? rotations[message.rotation] : undefined;
  if (rule === undefined) return checkName('rotation', message.rotation, rotations);
  if (message.everything === undefined || rule.emergency) return [];
  return [
    {
      path: ['everything'],
      message: `needs a rule with emergency: true; name items, systems or a ticket, or set rotations.${message.rotation}.emergency: true in relay.yaml`,
    },
  ];
};

const checkDirectory = ({ directories }: Pick<Rules, 'directories'>, message: MemberMessage): Problem[] => {
  const { directory } = message;
  const rule = Object.hasOwn(directories, directory) ? directories[directory] : undefined;
  if (rule === undefined) return checkName('directory', directory, directories);
  if (rule.messages === undefined) {
    return [
      {
        path: ['directory'],
        message: `takes no messages about people; name their senders: directories.${directory}.messages.senders`,
      },
    ];
  }
  // Only an object in JSON declares groups that relay.yaml does not.
  if (!('groups' in message) || rule.source?.format === 'json') return [];
  const known = rule.groups.map(({ name }) => name);
  return message.groups.flatMap((name, index) =>
    known.includes(name)
      ? []
      : [
          {
            path: ['groups', index],
            message: `is not a group of the rule; declare it under directories.${directory}.groups`,
          },
        ],
  );
};

const checkSubject = (
  { provisioning }: Pick<Rules, 'provisioning'>,
  message: ProvisionRequested | DeprovisionRequested,
): Problem[] => {
  const rule = Object.hasOwn(provisioning, message.provisioning) ? provisioning[message.provisioning] : undefined;
  if (rule === undefined) return checkName('provisioning', message.provisioning, provisioning);
  if (message.type === 'deprovision.requested') return [];
  const checked = checkInputs(rule.inputs, message.inputs);
  return checked.ok
    ? []
    : checked.problems.map(({ input, message: text }) => ({ path: ['inputs', input], message: text }));
};

/** A name of others, such as `constructor`, finds nothing inherited. */
const ruleIn = (checkouts: Rules['checkouts'], name: string): CheckoutConfig | undefined =>
  Object.hasOwn(checkouts, name) ? checkouts[name] : undefined;

const namesCheckout = z.object({ checkout: z.string() });

/** Returns the checkout rule that a body names, for the log; undefined if it names none of relay.yaml. Never throws. */
export const checkoutNamedIn = (body: string, { checkouts }: Pick<Rules, 'checkouts'>): string | undefined => {
  try {
    const { checkout } = namesCheckout.parse(JSON.parse(body));
    return ruleIn(checkouts, checkout) === undefined ? undefined : checkout;
  } catch {
    return undefined;
  }
};

const checkName = (field: string, name: string, entries: Readonly<Record<string, unknown>>): Problem[] => {
  if (Object.hasOwn(entries, name)) return [];
  const known = Object.keys(entries);
  const advice = known.length === 0 ? 'there are none in relay.yaml' : suggest(name, known);
  return [{ path: [field], message: `is not in relay.yaml; ${advice}` }];
};

/**
 * A window without `from` begins now and gets shorter with time, so a valid message stays valid when it is repeated.
 */
const checkWindow = (
  window: CheckoutRequested['window'],
  { maxMinutes }: Pick<CheckoutConfig, 'maxMinutes'>,
  now: number,
): Problem[] => {
  const path = ['window', 'until' in window ? 'until' : 'minutes'];
  const minutes = minutesLeft(window, now);
  if (window.from !== undefined && 'until' in window && Date.parse(window.until) <= Date.parse(window.from)) {
    return [{ path, message: 'is not after window.from; use a later time' }];
  }
  if (minutes <= maxMinutes) return [];
  return [{ path, message: `is longer than the rule allows; request at most ${maxMinutes} minutes` }];
};

/** Checks addresses by the checkout's rule, or for a changed credential by any sync of its connection. */
const checkItems = async (
  { syncs, checkouts, rotations }: Rules,
  message: Message,
  addressOf: AddressOf,
): Promise<Problem[]> => {
  if (message.type === 'checkout.requested') {
    const rule = ruleIn(checkouts, message.checkout);
    const address = rule && (await addressOf(rule));
    return message.items.flatMap((item, index) => problemsWith(item, ['items', index], address));
  }
  if (
    message.type === 'rotation.requested' ||
    message.type === 'rotation.resumed' ||
    message.type === 'hold.released'
  ) {
    const rule = Object.hasOwn(rotations, message.rotation) ? rotations[message.rotation] : undefined;
    const address = rule && (await addressOf(rule));
    if (message.type === 'rotation.resumed') {
      return message.retry.flatMap((item, index) => problemsWith(item, ['retry', index], address));
    }
    const noSystems = 'systems' in message && message.systems !== undefined && address?.narrowing === undefined;
    return [
      ...(message.items ?? []).flatMap((item, index) => problemsWith(item, ['items', index], address)),
      ...(noSystems ? [{ path: ['systems'], message: 'the items of this rule have no systems; name items' }] : []),
    ];
  }
  if (message.type !== 'credential.changed') return [];
  const readers = Object.values(syncs).filter(({ connection }) => connection === message.connection);
  const addresses = (await Promise.all(readers.map(addressOf))).filter((address) => address !== undefined);
  const problems = addresses.map((address) => problemsWith(message.item, ['item'], address));
  return problems.some((found) => found.length === 0) ? [] : (problems[0] ?? []);
};

const problemsWith = (item: Labels, path: Problem['path'], address: AddressRules | undefined): Problem[] => {
  const message = checkAddress(item, address);
  return message === undefined ? [] : [{ path, message }];
};
