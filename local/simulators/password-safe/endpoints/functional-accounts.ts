import * as z from 'zod';
import { lenient, readBody, reference, text } from '../fields.ts';
import type { FunctionalAccount } from '../functional-accounts.ts';
import { withOddFields } from '../paging.ts';
import { PLATFORMS } from '../platforms.ts';
import { empty, json, refusal } from '../replies.ts';
import type { Endpoint, Site } from '../site.ts';
import type { Role } from '../users.ts';
import { change, collection, member } from './collections.ts';

const READS: readonly Role[] = ['account-management', 'configuration-management'];
const CHANGES: readonly Role[] = ['account-management'];

const usersOf = ({ systems }: Site, id: number): number =>
  systems.all().filter(({ FunctionalAccountID }) => FunctionalAccountID === id).length;

const functionalAccountRow = (site: Site, account: FunctionalAccount) =>
  withOddFields(site.switches, `functional account ${account.FunctionalAccountID}`, {
    ...account,
    SystemReferenceCount: usersOf(site, account.FunctionalAccountID),
  });

const functionalAccountBody = lenient({
  PlatformID: reference,
  AccountName: text(245),
  DomainName: text(500),
  DisplayName: text(100),
  Password: text(1000),
  PrivateKey: z.string().optional(),
  Passphrase: z.string().optional(),
  Description: text(1000),
  ElevationCommand: text(80),
  TenantID: text(36),
  ObjectID: text(36),
  Secret: text(255),
  ServiceAccountEmail: text(255),
  AzureInstance: z.enum(['AzurePublic', 'AzureUsGovernment']).optional(),
});

const create = change({
  method: 'POST',
  template: 'FunctionalAccounts',
  roles: CHANGES,
  handle: (site, call) => {
    const read = readBody(call, functionalAccountBody);
    if ('refused' in read) return read.refused;
    const { PlatformID = 0, AccountName, Password, PrivateKey, DisplayName = AccountName, ...fields } = read.body;
    const platform = PLATFORMS.find(({ platformId }) => platformId === PlatformID);
    if (platform === undefined) return refusal(400, 'The field PlatformID is invalid: there is no such platform.');
    if (AccountName === undefined || DisplayName === undefined) {
      return refusal(400, 'The field AccountName is required.');
    }
    if (Password === undefined) return refusal(400, 'The field Password is required.');
    if (PrivateKey !== undefined && !platform.supportsKeys) {
      return refusal(400, 'The platform does not support DSS keys.');
    }
    const isTaken = site.functionalAccounts
      .all()
      .some((one) => one.PlatformID === PlatformID && one.DisplayName.toLowerCase() === DisplayName.toLowerCase());
    if (isTaken) return refusal(site.switches.duplicate, 'Functional Account already exists');
    const account = site.functionalAccounts.add({
      PlatformID,
      DomainName: fields.DomainName ?? null,
      AccountName,
      DisplayName,
      Description: fields.Description ?? '',
      ElevationCommand: fields.ElevationCommand ?? null,
      TenantID: fields.TenantID ?? null,
      ObjectID: fields.ObjectID ?? null,
      AzureInstance: fields.AzureInstance ?? null,
    });
    return json(201, functionalAccountRow(site, account));
  },
});

const remove = change({
  method: 'DELETE',
  template: 'FunctionalAccounts/{id}',
  roles: CHANGES,
  handle: (site, { ids: [id = 0] }) => {
    if (site.functionalAccounts.byId(id) === undefined) return refusal(404, 'Functional Account not found');
    if (usersOf(site, id) > 0) {
      return refusal(site.switches.functionalAccountInUse, 'The Functional Account is used by Managed Systems');
    }
    site.functionalAccounts.remove(id);
    return empty(200);
  },
});

export const functionalAccountEndpoints: readonly Endpoint[] = [
  collection({
    template: 'FunctionalAccounts',
    roles: READS,
    called: 'Functional Account',
    rows: (site) => site.functionalAccounts.all().map((account) => functionalAccountRow(site, account)),
  }),
  member({
    template: 'FunctionalAccounts/{id}',
    roles: READS,
    called: 'Functional Account',
    row: (site, id) => {
      const account = site.functionalAccounts.byId(id);
      return account && functionalAccountRow(site, account);
    },
  }),
  create,
  remove,
];
