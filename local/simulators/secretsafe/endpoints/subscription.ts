import * as z from 'zod';
import type { Reply } from '../../common/replies.ts';
import type { Call } from '../calls.ts';
import { readFields } from '../fields.ts';
import { badRequest, failure, json, notFound } from '../replies.ts';
import { type ApiEndpoint, PUBLIC, type Site } from '../site.ts';

const count = z.int().optional();

const CHANGE = z.object({
  passwordManager: z.object({ seats: count, maxAutoScaleSeats: count, storage: count }).optional(),
  secretsManager: z
    .object({ seats: count, maxAutoScaleSeats: count, serviceAccounts: count, maxAutoScaleServiceAccounts: count })
    .optional(),
});

const assertCloud = ({ switches }: Site): void => {
  if (switches.deployment !== 'cloud') throw notFound();
};

const read = (site: Site): Reply => {
  assertCloud(site);
  const { seats, maxAutoScaleSeats, plan } = site.switches;
  return json(200, {
    passwordManager: { seats, maxAutoScaleSeats, storage: 1 },
    secretsManager: plan.secretsManager
      ? { seats: 5, maxAutoScaleSeats: null, serviceAccounts: 20, maxAutoScaleServiceAccounts: null }
      : null,
  });
};

/** Sets totals. A negative limit means none. Only the seats of people are simulated. */
const change = (site: Site, call: Call): Reply => {
  assertCloud(site);
  const { organization, switches } = site;
  const { passwordManager, secretsManager } = readFields(call, CHANGE);
  if (passwordManager === undefined && secretsManager === undefined) {
    throw badRequest('At least one of PasswordManager or SecretsManager must be provided.');
  }
  const { seats, maxAutoScaleSeats } = passwordManager ?? {};
  if (seats !== undefined && seats < organization.occupiedSeats()) throw failure();
  if (seats !== undefined) switches.seats = seats;
  if (maxAutoScaleSeats !== undefined) switches.maxAutoScaleSeats = maxAutoScaleSeats < 0 ? null : maxAutoScaleSeats;
  organization.changes += 1;
  const isOutsidePlan = secretsManager !== undefined && !switches.plan.secretsManager;
  return json(200, {
    message: isOutsidePlan
      ? 'Organization has no access to Secrets Manager.'
      : 'Successfully updated the subscription of the organization.',
  });
};

const TEMPLATE = `${PUBLIC}/organization/subscription`;

/** The subscription, which costs money. */
export const subscriptionEndpoints: readonly ApiEndpoint[] = [
  { method: 'GET', template: TEMPLATE, kind: 'subscription', eras: ['today'], handle: read },
  { method: 'PUT', template: TEMPLATE, kind: 'changeSubscription', eras: ['today'], handle: change },
];
