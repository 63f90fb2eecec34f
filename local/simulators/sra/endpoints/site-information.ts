import { PAGING, paged } from '../paging.ts';
import { formatTime, json, notFound } from '../replies.ts';
import { apiAccountRow, personRow } from '../rows.ts';
import type { ApiEndpoint } from '../site.ts';

const CONFIGURATION = 'api/config/v1';

const configures: ApiEndpoint['isPermitted'] = ({ configuration }) => configuration;

/** The Command API is part of what "Enable XML API" switches. */
const commands: ApiEndpoint['isPermitted'] = ({ command }, { switches }) =>
  command !== 'deny' && switches.xmlApi === 'on';

/** API accounts, people, and what the Command API says about the site and the caller. */
export const siteInformationEndpoints: readonly ApiEndpoint[] = [
  {
    method: 'GET',
    template: `${CONFIGURATION}/api-account`,
    kind: 'apiAccounts',
    isPermitted: configures,
    parameters: [...PAGING, 'name'],
    handle({ apiAccounts, switches }, call) {
      const name = call.query.get('name')?.toLowerCase();
      const rows = apiAccounts.all().filter((one) => name === undefined || one.name.toLowerCase() === name);
      return paged(call, rows, (account) => apiAccountRow(account, switches), switches);
    },
  },
  {
    method: 'GET',
    template: `${CONFIGURATION}/api-account/{id}`,
    kind: 'apiAccounts',
    isPermitted: configures,
    parameters: [],
    handle({ apiAccounts, switches }, _call, _caller, id) {
      const account = apiAccounts.all().find((one) => one.id === id);
      return account === undefined ? notFound() : json(200, apiAccountRow(account, switches));
    },
  },
  {
    method: 'GET',
    template: `${CONFIGURATION}/user`,
    kind: 'people',
    isPermitted: configures,
    parameters: [...PAGING, 'username'],
    handle({ people, switches }, call) {
      const name = call.query.get('username')?.toLowerCase();
      const rows = people.filter(({ userName }) => name === undefined || userName.toLowerCase() === name);
      return paged(call, rows, (person) => personRow(person, switches), switches);
    },
  },
  {
    method: 'GET',
    template: 'api/command/v2/info',
    kind: 'info',
    isPermitted: commands,
    parameters: [],
    handle: ({ switches, now }, _call, { account: { permissions } }) =>
      json(200, {
        permissions: {
          perm_command: permissions.command,
          perm_reporting_session: permissions.reportingSession,
          perm_reporting_license: false,
          perm_reporting_vault: permissions.reportingVault,
          perm_reporting_asset: false,
          perm_reporting_syslog: false,
          perm_reporting_duplicate_jump_client: false,
          perm_backup: false,
          perm_vault_backup: false,
          perm_ecm: false,
          perm_configuration: permissions.configuration,
          perm_configuration_vault_account: permissions.vaultAccounts,
        },
        current_time: formatTime(now(), switches.timestamps),
        command_api_version: '2.0.0',
        config_api_version: '1.12',
        reporting_api_version: '2.0.0',
        backup_api_version: '1.0',
        product: switches.product,
      }),
  },
  {
    method: 'GET',
    template: 'api/command/v2/health',
    kind: 'health',
    isPermitted: commands,
    parameters: [],
    handle({ switches, now }) {
      const isHealthy = switches.health === 'healthy';
      return json(isHealthy ? 200 : 500, {
        version: '25.2.1',
        build: '1',
        appliance_hostname: 'appliance.example',
        appliance_id: '0'.repeat(32),
        cluster_role: 'single',
        failover_role: 'none',
        enabled_shared_ips: [],
        last_data_sync: formatTime(now(), switches.timestamps),
        last_data_sync_status: 'OK',
        ...(isHealthy ? {} : { message: 'The site is not healthy.' }),
      });
    },
  },
];
