/*
 * Business Rule of ServiceNow that tells pam-relay about a change, signed by Standard Webhooks. docs/webhooks.md says how
 * to set it up.
 *
 * Table:   change_request
 * When:    after, insert and update
 * Filter:  State changes, or Approval changes, or Planned start date changes, or Planned end date changes, or
 *          Configuration item changes, or Short description changes
 * Properties of the instance:
 *   pam_relay.url   address of the webhook
 *   pam_relay.key   the text after whsec_, as a property of the type password2
 *
 * The filter keeps out work notes, so a comment of the relay is not sent back to it.
 */
(function executeRule(current) {
  /* The MAC covers bytes: text beyond ASCII, and ${...}, which a REST message could replace, are written as escapes. */
  function escapeUnit(unit) {
    return '\\u' + ('000' + unit.charCodeAt(0).toString(16)).slice(-4);
  }
  function toAscii(json) {
    return json.replace(/[^\x20-\x7e]|\$/g, escapeUnit);
  }

  var body = toAscii(
    JSON.stringify({
      number: current.getValue('number'),
      sys_mod_count: current.getValue('sys_mod_count'),
      sys_updated_on: current.getValue('sys_updated_on'),
      /* Values: display values are in the language, the time zone and the date format of a user. */
      state: current.getValue('state'),
      approval: current.getValue('approval'),
      start_date: current.getValue('start_date'),
      end_date: current.getValue('end_date'),
      short_description: current.getValue('short_description'),
      /* Name of the configuration item, which is the name of the system in the vault. */
      cmdb_ci: current.getDisplayValue('cmdb_ci'),
    })
  );
  var id = current.getUniqueValue() + '-' + current.getValue('sys_mod_count');
  var at = String(Math.floor(Date.now() / 1000));
  var mac = new CertificateEncryption().generateMac(
    gs.getProperty('pam_relay.key'),
    'HmacSHA256',
    id + '.' + at + '.' + body
  );

  var message = new sn_ws.RESTMessageV2();
  message.setEndpoint(gs.getProperty('pam_relay.url'));
  message.setHttpMethod('post');
  message.setRequestHeader('Content-Type', 'application/json');
  message.setRequestHeader('webhook-id', id);
  message.setRequestHeader('webhook-timestamp', at);
  message.setRequestHeader('webhook-signature', 'v1,' + mac);
  message.setRequestBody(body);
  message.executeAsync();
})(current);
