import { type Checkable, checkableEntries, ownOf } from '#shared/config/checkable.ts';
import type { Problem } from '#shared/config/problem.ts';
import type { WebhookConfig } from '#shared/config/schema.ts';
import { PRESETS } from '#shared/webhooks/presets.ts';

/** Warnings about webhooks that are valid, and seem to be a mistake. Pure. */

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

const neverCloses = ({ ticket }: WebhookConfig): string | undefined =>
  Object.values(ticket.states).includes('close') || Object.keys(ticket.closeIf).length > 0
    ? undefined
    : 'no state closes a ticket, so access always lasts until the end of its window; list the states that close it';

const statesOfPreset = ({ ticket }: WebhookConfig): string | undefined =>
  isSame(ticket.states, PRESETS.servicenow.states) && ticket.state !== PRESETS.servicenow.state
    ? 'the states are those of the preset, for another field; list the states of this one'
    : undefined;

const isOfJira = ({ ticket }: WebhookConfig): boolean => ticket.number === PRESETS.jira.number;

const headerOfGitHub = (webhook: WebhookConfig): string | undefined => {
  const { signature } = webhook;
  return isOfJira(webhook) && signature.type === 'hmac-sha256' && signature.header === 'x-hub-signature-256'
    ? 'Jira signs in another header; write header: x-hub-signature'
    : undefined;
};

const otherSystem = (webhook: WebhookConfig, { ticketSystems }: Checkable): string | undefined => {
  const type = ownOf(ticketSystems, webhook.ticketSystem ?? '')?.type;
  const other = isOfJira(webhook) ? 'servicenow' : 'jira';
  const isKnown = isOfJira(webhook) || isSame(webhook.ticket.position, PRESETS.servicenow.position);
  return isKnown && type === other ? `the tickets do not seem to be of ${type}, whose API is used for them` : undefined;
};

const unusedSystem = ({ ticketSystem, comments, looksEveryMinutes }: WebhookConfig): string | undefined =>
  ticketSystem !== undefined && !comments && looksEveryMinutes === undefined
    ? 'is used for nothing; set comments or looksEveryMinutes'
    : undefined;

/** Returns the warnings about all webhooks. Pure. */
export const findWebhookDoubts = (config: Checkable): Problem[] =>
  checkableEntries(config.webhooks).flatMap(([name, webhook]) => {
    const doubts: readonly (readonly [Problem['path'], string | undefined])[] = [
      [['ticket'], neverCloses(webhook)],
      [['ticket'], statesOfPreset(webhook)],
      [['signature'], headerOfGitHub(webhook)],
      [['ticketSystem'], otherSystem(webhook, config)],
      [['ticketSystem'], unusedSystem(webhook)],
    ];
    return doubts.flatMap(([path, message]) =>
      message === undefined ? [] : [{ path: ['webhooks', name, ...path], message }],
    );
  });
