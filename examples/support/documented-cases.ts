import type { ExampleName } from '#local/example-rules.ts';

interface DocumentedCase {
  readonly title: string;
  /** Absent if the documentation has no such case, only the calls. */
  readonly summary?: string;
  readonly calls: readonly string[];
  /** Reasons for calls that differ from those in the other cases. */
  readonly reasons?: Readonly<Record<string, string>>;
}

/**
 * The calls of each case in the vendor's documentation, verbatim. Source: BeyondInsight and Password Safe API, "Usage",
 * below "There are some loose dependencies between the APIs".
 */
export const DOCUMENTED_CASES = {
  provisioning: {
    title: 'Create and manage an asset, create a user group, assign roles',
    summary:
      'create and manage an asset, create a managed account, a quick rule and a user group, and grant access to the rule with a requestor role and an access policy',
    calls: [
      'POST <base>/Auth/SignAppin',
      'POST <base>/Workgroups/{ID}/Assets',
      'POST <base>/Assets/{assetId}/ManagedSystems',
      'POST <base>/ManagedSystems/{managedSystemId}/ManagedAccounts',
      'POST <base>/QuickRules',
      'POST <base>/UserGroups',
      'POST <base>/UserGroups/{userGroupId}/SmartRules/{smartRuleId}/Roles',
      'POST <base>/Auth/Signout',
    ],
  },
  'retrieve-a-password': {
    title: 'Retrieve a password',
    summary: 'request, retrieve, and check in a password for a managed account',
    calls: [
      'POST <base>/Auth/SignAppin',
      'GET <base>/ManagedAccounts?systemName={systemName}&accountName={accountName}',
      'POST <base>/Requests',
      'GET <base>/Credentials/{requestId}',
      'PUT <base>/Requests/{requestId}/Checkin',
      'POST <base>/Auth/Signout',
    ],
  },
  'create-a-session': {
    title: 'Create a session',
    summary: 'request a session, create a session, and check in the request for a managed account',
    calls: [
      'POST <base>/Auth/SignAppin',
      'GET <base>/ManagedAccounts?systemName={systemName}&accountName={accountName}',
      'POST <base>/Requests',
      'POST <base>/Requests/{requestId}/Sessions',
      'PUT <base>/Requests/{requestId}/Checkin',
      'POST <base>/Auth/Signout',
    ],
  },
  'retrieve-a-password-as-isa': {
    title: 'Retrieve a password as an ISA',
    summary: 'create an ISA password request',
    calls: [
      'POST <base>/Auth/SignAppin',
      'GET <base>/ManagedAccounts?systemName={systemName}&accountName={accountName}',
      'POST <base>/ISARequests',
      'POST <base>/Auth/Signout',
    ],
  },
  'create-a-session-as-isa': {
    title: 'Create a session as an ISA',
    summary: 'create an ISA session',
    calls: [
      'POST <base>/Auth/SignAppin',
      'GET <base>/ManagedAccounts?systemName={systemName}&accountName={accountName}',
      'POST <base>/ISASessions',
      'POST <base>/Auth/Signout',
    ],
  },
  rotation: {
    title: 'Rotate a password',
    calls: [],
    reasons: {
      'GET ManagedAccounts': 'lists the accounts, and finds the one that the sync delivers',
      'GET ManagedAccounts/{id}': 'reads the date of the last change before it asks for another one',
      'GET ManagedSystems': 'finds the accounts that the vault needs to change others',
      'GET ManagedSystems/{id}': 'finds the accounts that the vault needs to change others',
      'GET FunctionalAccounts': 'finds the accounts that the vault needs to change others',
      'GET ManagedSystems/{id}/ManagedAccounts': 'finds the accounts that change together',
      'POST ManagedAccounts/{id}/Credentials/Change': 'changes the password',
      'POST ManagedAccounts/{id}/Credentials/Test': 'tests the new password, once',
      'POST Requests': 'the sync opens a request',
      'GET Credentials/{id}': 'the sync reads the new password',
      'PUT Requests/{id}/Checkin': 'the sync checks the request in',
    },
  },
} as const satisfies Readonly<Record<ExampleName, DocumentedCase>>;
