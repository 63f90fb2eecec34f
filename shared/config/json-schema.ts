import * as z from 'zod';
import { relayConfigSchema } from '#shared/config/schema.ts';

/**
 * The JSON schema of `relay.yaml`, published as `relay.schema.json` for editors. Draft 7, because that is what the YAML
 * language server knows best. What it can't say (that a connection exists, say) the loader checks.
 */
export const buildJsonSchema = (): Record<string, unknown> => ({
  $id: 'urn:pam-relay:relay.yaml',
  title: 'Configuration of pam-relay',
  ...z.toJSONSchema(relayConfigSchema, { io: 'input', target: 'draft-7' }),
});
