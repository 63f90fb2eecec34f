import { randomBytes } from 'node:crypto';
import type { EventBus } from '../events.ts';

/** An EC2 instance. Addresses that it does not have are absent. */
interface Launch {
  readonly tags?: Readonly<Record<string, string>>;
  readonly vpc?: string;
  readonly privateIp?: string;
  readonly privateDns?: string;
  readonly publicIp?: string;
}

/** States of EC2, with their codes. Source: EC2 API reference, InstanceState. */
export const STATE_CODES = { pending: 0, running: 16, 'shutting-down': 32, terminated: 48 } as const;
type State = keyof typeof STATE_CODES;

export interface Instance extends Launch {
  readonly id: string;
  readonly state: State;
}

/** The EC2 instances of the account. Each change of a state sends its event, as EC2 does. */
export interface Fleet {
  /** Launches an instance, and returns its id when it runs. */
  launch(launch?: Launch): Promise<string>;
  /** Changes the tags of an instance, without an event. */
  tag(id: string, tags: Readonly<Record<string, string>>): void;
  /** Terminates an instance. It stays visible, like on EC2 for about an hour. */
  terminate(id: string): Promise<void>;
  /** Removes a terminated instance from the descriptions. */
  forget(id: string): void;
  all(): readonly Instance[];
}

export const createFleet = (events: EventBus): Fleet => {
  const instances = new Map<string, Instance>();
  const find = (id: string): Instance => {
    const instance = instances.get(id);
    if (instance === undefined) throw new Error(`There is no instance ${id}.`);
    return instance;
  };
  const change = async (instance: Instance): Promise<void> => {
    instances.set(instance.id, instance);
    await events.put({
      source: 'aws.ec2',
      detailType: 'EC2 Instance State-change Notification',
      detail: { 'instance-id': instance.id, state: instance.state },
    });
  };
  return {
    async launch(launch = {}) {
      const id = `i-${randomBytes(9).toString('hex').slice(0, 17)}`;
      for (const state of ['pending', 'running'] as const) await change({ ...launch, id, state });
      return id;
    },
    tag(id, tags) {
      instances.set(id, { ...find(id), tags });
    },
    async terminate(id) {
      for (const state of ['shutting-down', 'terminated'] as const) await change({ ...find(id), state });
    },
    forget: (id) => void instances.delete(find(id).id),
    all: () => [...instances.values()],
  };
};
