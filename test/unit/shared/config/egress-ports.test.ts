import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { egressPorts } from '#shared/config/egress-ports.ts';
import { connectionSchema } from '#shared/config/schema.ts';
import { CONNECTION_TYPES } from '#shared/connections/registry.ts';

const propertiesSchema = z.looseObject({ properties: z.record(z.string(), z.looseObject({})) });

describe('the ports that functions reach', () => {
  const people = {
    type: 'secretsafe',
    url: 'https://people.example.com:8443',
    identityUrl: 'https://identity.example.com:9443',
    apiUrl: 'https://api.example.com',
  };
  const portsOf = (connection: object) =>
    egressPorts({ connections: { people: connectionSchema.parse(connection) }, stores: {}, ticketSystems: {} });

  it('are those of all addresses of a connection, or that of its proxy', () => {
    expect(portsOf(people)).toEqual([443, 8443, 9443]);
    expect(portsOf({ ...people, proxy: { url: 'http://proxy.corp:3128' } })).toEqual([443, 3128]);
  });

  it.each(Object.keys(CONNECTION_TYPES))('are known for every address of the type %s, by its name', async (name) => {
    const type = await CONNECTION_TYPES[name]?.();
    const shape = propertiesSchema.parse(type && z.toJSONSchema(type.settings, { io: 'input' }));
    const addresses = Object.entries(shape.properties).filter(([, field]) => field['format'] === 'uri');
    const ports = portsOf({
      type: name,
      ...Object.fromEntries(addresses.map(([key], at) => [key, `https://x:${at + 1}`])),
    });
    expect(ports).toEqual([443, ...addresses.map((_, at) => at + 1)]);
  });
});
