import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Document } from 'yaml';
import { localClientConfig } from '../aws/resources.ts';
import { createFleet } from '../simulators/secretsafe/fleet.ts';
import { type Access, type Fleet, STATUS } from '../simulators/secretsafe/organization.ts';
import { type SecretSafeSimulator, startSecretSafe } from '../simulators/secretsafe/server.ts';
import type { World } from '../world.ts';

/** An organization in SecretSafe beside the vault, and the rules of the relay for it. */

const CONNECTION = 'people';
const BOOTSTRAP_SECRET = 'bootstrap/secretsafe';
/** Where the source of people writes the declared state. */
const SOURCE = { bucket: 'acme-people', key: 'directory/members.json' } as const;
export const DIRECTORY_RULE = 'organization';
export const EXPORT_RULE = 'people-audit';

const MEMBERS = 30;
const GROUPS = 4;
const COLLECTIONS = 5;
const DAY_MS = 86_400_000;
/** More than a page of the server, which has 50. */
const OLD_EVENTS = 120;
const DAYS_OF_OLD_EVENTS = 5;
const SIGN_IN_EVENT = 1000;

/** A member of the declared state. */
export interface DeclaredPerson {
  readonly email: string;
  readonly type?: 'admin' | 'user' | undefined;
  /** Names of groups. */
  readonly groups?: readonly string[];
  /** Access by ids of collections. */
  readonly collections?: readonly ({ readonly collection: string } & Partial<Access>)[];
}

export interface Organization {
  readonly server: SecretSafeSimulator;
  /** Adds the connection and the rules to a relay.yaml. */
  addRules(config: Document): void;
  /** Creates what an operator creates, and lets the server follow the clock of the world. */
  join(world: Pick<World, 'aws' | 'clock'>): Promise<void>;
  /** Writes the declared state. */
  declare(people: readonly DeclaredPerson[]): Promise<void>;
  close(): Promise<void>;
}

/** A fleet whose members all are or become active. */
const fleetOf = (seed: number): Fleet => {
  const fleet = createFleet({ members: MEMBERS, groups: GROUPS, collections: COLLECTIONS, seed });
  const isActive = ({ status }: { readonly status: number }) => status !== STATUS.revoked && status !== STATUS.staged;
  return { ...fleet, members: fleet.members.filter(isActive) };
};

/** Starts the server. Default: a small fleet. The caller must close it. */
export const startOrganization = async (seed: number, fleet: Fleet = fleetOf(seed)): Promise<Organization> => {
  let now = Date.now;
  let s3: S3Client | undefined;
  const server = await startSecretSafe({
    seed,
    fleet,
    now: () => now(),
    // It answers faster than any real one, which its limits would hide.
    switches: { throttling: 'off', lastToken: 'empty' },
  });
  return {
    server,
    addRules(config) {
      config.setIn(
        ['connections', CONNECTION],
        config.createNode({
          type: 'secretsafe',
          url: server.url,
          ca: server.caPem,
          authentication: { bootstrapSecret: BOOTSTRAP_SECRET },
          limits: { perSecond: 1000 },
        }),
      );
      config.setIn(
        ['directories', DIRECTORY_RULE],
        config.createNode({
          connection: CONNECTION,
          source: SOURCE,
          schedule: { expression: 'rate(1 hour)' },
          drift: { schedule: { expression: 'rate(6 hours)' } },
        }),
      );
      config.setIn(
        ['exports', EXPORT_RULE],
        config.createNode({ connection: CONNECTION, schedule: { expression: 'rate(15 minutes)' } }),
      );
    },
    async join({ aws, clock }) {
      now = clock.now;
      aws.secretsManager.handle('CreateSecret', {
        Name: BOOTSTRAP_SECRET,
        ClientRequestToken: crypto.randomUUID(),
        SecretString: JSON.stringify(server.apiKey()),
      });
      s3 = new S3Client(localClientConfig(aws.endpoint));
      await s3.send(new CreateBucketCommand({ Bucket: SOURCE.bucket }));
      const start = clock.now() - DAYS_OF_OLD_EVENTS * DAY_MS;
      const step = Math.floor((DAYS_OF_OLD_EVENTS * DAY_MS) / (OLD_EVENTS + 1));
      server.addEvents(
        ...Array.from({ length: OLD_EVENTS }, (_, index) => ({ type: SIGN_IN_EVENT, date: start + index * step })),
      );
    },
    async declare(members) {
      const Body = JSON.stringify({ members, groups: server.groups().map(({ name }) => ({ name })) });
      await s3?.send(new PutObjectCommand({ Bucket: SOURCE.bucket, Key: SOURCE.key, Body }));
    },
    close: () => server.close(),
  };
};
