import { type Checkable, checkableEntries, findSource, ownOf } from '#shared/config/checkable.ts';
import { type Problem, suggest } from '#shared/config/problem.ts';
import type { RegisteredTypes } from '#shared/config/registered-types.ts';
import type { WebhookConfig } from '#shared/config/schema.ts';
import { checkAddress } from '#shared/messages/address.ts';
import { signsBody, signsTime } from '#shared/webhooks/schemes.ts';

const checkRule = (path: Problem['path'], { checkout }: WebhookConfig, { checkouts }: Checkable): Problem[] => {
  const known = Object.keys(checkouts ?? {});
  if (known.includes(checkout)) return [];
  const advice = known.length === 0 ? 'add one under checkouts' : suggest(checkout, known);
  return [{ path: [...path, 'checkout'], message: `there is no checkout "${checkout}"; ${advice}` }];
};

const checkSystem = (
  path: Problem['path'],
  { ticketSystem, comments, looksEveryMinutes }: WebhookConfig,
  { ticketSystems }: Checkable,
): Problem[] => {
  const known = Object.keys(ticketSystems ?? {});
  if (ticketSystem !== undefined) {
    if (known.includes(ticketSystem)) return [];
    const advice = known.length === 0 ? 'add one under ticketSystems' : suggest(ticketSystem, known);
    return [{ path: [...path, 'ticketSystem'], message: `there is no ticket system "${ticketSystem}"; ${advice}` }];
  }
  const message = 'needs a ticket system; write ticketSystem: and the name of an entry under ticketSystems';
  return [
    ...(comments ? [{ path: [...path, 'comments'], message }] : []),
    ...(looksEveryMinutes === undefined ? [] : [{ path: [...path, 'looksEveryMinutes'], message }]),
  ];
};

/** Every ticket of the route would be refused for labels that address no item. */
const checkLabels = (
  path: Problem['path'],
  { checkout, ticket }: WebhookConfig,
  { checkouts }: Checkable,
  types: RegisteredTypes,
): Problem[] => {
  const rule = ownOf(checkouts, checkout);
  const source = rule && findSource(types, rule.source);
  if (rule === undefined || source === undefined) return [];
  const labels = Object.fromEntries(Object.keys(ticket.items.labels).map((label) => [label, 'any']));
  const problem = checkAddress(labels, source.rules(rule).address);
  return problem === undefined
    ? []
    : [{ path: [...path, 'ticket', 'items', 'labels'], message: `the items of the checkout "${checkout}" ${problem}` }];
};

/** A request that can be repeated for ever must not open anything. */
const checkTime = (path: Problem['path'], { signature, ticket }: WebhookConfig): Problem[] => {
  const opens = Object.values(ticket.states).some((wish) => wish === 'open' || wish === 'extend');
  if (!opens || signsTime(signature) || 'time' in ticket.position) return [];
  return [
    {
      path: [...path, 'ticket', 'position'],
      message: `the signature ${signature.type} covers no time, so a recorded request could open access again at any time; write position: { time: … }`,
    },
  ];
};

/** Anyone who learns a shared value could send with it, so the channel has to know the sender. */
const checkChannel = (path: Problem['path'], { signature }: WebhookConfig, { webhookDomain }: Checkable): Problem[] => {
  if (signsBody(signature) || webhookDomain === 'invalid' || webhookDomain?.clientCertificates !== undefined) return [];
  const fix =
    webhookDomain === undefined
      ? 'add webhookDomain: { name: hooks.example.com, certificate: …, clientCertificates: { bucket: …, key: … } }'
      : 'add clientCertificates: { bucket: …, key: … } to webhookDomain';
  const message = `the type ${signature.type} signs nothing, so it is accepted only from senders with a client certificate; ${fix}`;
  return [{ path: [...path, 'signature', 'type'], message }];
};

/** No signature covers the route, so a request for one would be accepted by the other. */
const checkKeys = (name: string, { signature }: WebhookConfig, config: Checkable): Problem[] => {
  const entries = checkableEntries(config.webhooks);
  const [first = name] = entries.find(([, other]) => other.signature.keys === signature.keys) ?? [];
  if (first === name) return [];
  const message = `has the same keys as the webhook "${first}", so a request for one would be accepted by the other; use a secret of its own`;
  return [{ path: ['webhooks', name, 'signature', 'keys'], message }];
};

/** Returns all problems of the webhooks. Pure. */
export const checkWebhooks = (config: Checkable, types: RegisteredTypes): Problem[] =>
  checkableEntries(config.webhooks).flatMap(([name, webhook]) => {
    const path = ['webhooks', name];
    return [
      ...checkRule(path, webhook, config),
      ...checkSystem(path, webhook, config),
      ...checkLabels(path, webhook, config, types),
      ...checkTime(path, webhook),
      ...checkChannel(path, webhook, config),
      ...checkKeys(name, webhook, config),
    ];
  });
