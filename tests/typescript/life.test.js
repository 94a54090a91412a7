// The lifecycle of a connector and its connections, with the vendor's own client. The client sends camelCase and reads
// PascalCase.

const assert = require("node:assert/strict");
const { after, before, describe, test } = require("node:test");
const { WebApi } = require("@superoffice/webapi");
const { mkDuration } = require("@superoffice/webapi/Day_js.js");
const { CrmActorType, ErpActorType, ErpSyncResponseCode, FieldAccess, FieldMetadataType } =
  require("@superoffice/webapi/Enums.js");
const { start } = require("../program.js");

let program;
let agent;
let ordinary;

before(async () => {
  program = await start();
  const api = new WebApi(program.url);
  api.authenticateWithPassword("tje0", "Tje0");
  agent = api.getErpSyncAgent();
  const other = new WebApi(program.url);
  other.authenticateWithPassword("tje1", "Tje1");
  ordinary = other.getErpSyncAgent();
});

after(() => program?.stop());

/** Asserts that every member of `sent` is in `received`. */
function assertContains(received, sent) {
  for (const [name, value] of Object.entries(sent)) {
    assert.deepEqual(received[name], value, name);
  }
}

/** Asserts that the call fails with this status and this type of the vendor's errors. */
async function assertRefused(call, status, errorType) {
  const error = await call.then(
    () => assert.fail("not refused"),
    (error) => error,
  );
  assert.equal(error.response?.status, status, error.message);
  assert.equal(error.response.data.ErrorType, errorType);
}

const ids = (connections) => connections.map((connection) => connection.erpConnectionId);

describe("the lifecycle of a connector and its connections", { concurrency: false }, () => {
  let connector;
  let connection;
  let second;

  test("a connector is created", async () => {
    const blank = await agent.createDefaultErpSyncConnectorEntityAsync();
    assertContains(blank, { erpConnectorId: 0, displayName: "", deleted: false });
    const sent = { ...blank, displayName: "US:\"Main\";NO:\"Hoved\"", uRL: "https://erp.example/ErpConnectorWS.svc" };
    connector = await agent.saveErpSyncConnectorEntityAsync(sent);
    assert.ok(connector.erpConnectorId > 0);
    assertContains(connector, { ...sent, erpConnectorId: connector.erpConnectorId, tableRight: connector.tableRight,
      fieldProperties: connector.fieldProperties });
    assert.deepEqual(await agent.getErpSyncConnectorEntityAsync(connector.erpConnectorId), connector);
    const listed = await agent.getAllConnectorsAsync();
    const item = listed.find((item) => item.id === connector.erpConnectorId);
    assertContains(item, { name: connector.displayName, toolTip: "https://erp.example/ErpConnectorWS.svc" });
  });

  test("a connection is saved and read", async () => {
    const sent = {
      erpConnectionId: 0,
      erpConnectorId: connector.erpConnectorId,
      displayName: "Emard Group",
      displayDescription: "Fundamental eco-centric application",
      active: false,
      connectionId: "5b3e0d5e-0000-4d5b-9a52-6f0f3f0c0001",
      mostRecentTimestamp: "rerum",
      configFields: { Password: "p&<>\"'\u{1f600}", User: "sa" },
      deleted: false,
      allAccess: false,
      userGroupAccessIds: [185, 350],
      associateAccessIds: [463, 920],
    };
    connection = await agent.saveConnectionAsync(sent);
    assertContains(connection, { ...sent, erpConnectionId: connection.erpConnectionId });
    assert.deepEqual(await agent.getConnectionAsync(connection.erpConnectionId), connection);
    assert.deepEqual(await agent.saveConnectionAsync(connection), connection, "a response can be sent as a request");
    second = await agent.saveConnectionAsync({ erpConnectorId: connector.erpConnectorId, displayName: "2", allAccess: true });
  });

  test("connections are listed, ordered, activated and deactivated", async () => {
    const listed = await agent.getAllConnectionsAsync(false);
    const mine = listed.find((row) => row.erpConnectionId === connection.erpConnectionId);
    assertContains(mine, { displayName: "Emard Group", userGroupAccessIds: [185, 350], connectionId: connection.connectionId });
    assert.deepEqual(Object.keys(mine.configFields ?? {}), [], "without config fields");
    const order = [second.erpConnectionId, 816, connection.erpConnectionId];
    assert.equal(await agent.saveErpConnectionSyncPrioritiesAsync(order), true);
    assert.deepEqual(ids(await agent.getAllConnectionsAsync(false)), order);
    for (const active of [true, false, true]) {
      assert.deepEqual(await agent.toggleErpConnectionActiveAsync(connection.erpConnectionId), []);
      assert.equal((await agent.getConnectionAsync(connection.erpConnectionId)).active, active);
    }
    const fields = await agent.getErpConnectionConfigFieldsAsync(connection.erpConnectionId);
    assertContains(fields, connection.configFields);
  });

  test("fields are mapped, ordered and given default values", async () => {
    const id = connection.erpConnectionId;
    const mapping = await agent.saveActorTypeMappingAsync({
      erpConnectionId: id,
      isActive: true,
      actorTypeErp: ErpActorType.Customer,
      actorTypeCrm: CrmActorType.Contact,
      fieldMappings: [
        { erpFieldKey: "CustName", crmFieldKey: "NAME", fieldType: FieldMetadataType.Text, syncToCrm: true, access: FieldAccess.Mandatory },
        { erpFieldKey: "Credit", fieldType: FieldMetadataType.Double, showInGui: true },
      ],
    });
    assertContains(mapping.fieldMappings[0], { crmDisplayName: "Name", fieldType: FieldMetadataType.Text, syncToCrm: true, access: FieldAccess.Mandatory });
    assertContains(mapping.fieldMappings[1], { crmFieldKey: "", fieldType: FieldMetadataType.Double, showInGui: true, access: FieldAccess.Normal });
    assert.deepEqual(await agent.getActorTypeMappingAsync(id, ErpActorType.Customer), mapping);
    assert.deepEqual(await agent.saveActorTypeMappingAsync(mapping), mapping);
    assert.equal(await agent.getCrmActorTypeAsync(id, ErpActorType.Customer), CrmActorType.Contact);

    const [name, credit] = mapping.fieldMappings.map((field) => field.erpFieldId);
    await agent.moveErpFieldItemAsync(name, 1, id, ErpActorType.Customer);
    const moved = await agent.getActorTypeMappingAsync(id, ErpActorType.Customer);
    assert.deepEqual(moved.fieldMappings.map((field) => field.erpFieldId), [credit, name]);

    const defaultValue = { erpFieldId: credit, hasFirstSyncDefaultValue: true, firstSyncDefaultValue: "[F:12.5]", promptUser: true };
    const saved = await agent.saveDefaultValueInfoAsync(defaultValue);
    assertContains(saved, { ...defaultValue, mandatory: false, erpFieldKey: "Credit", fieldType: FieldMetadataType.Double });
    assert.deepEqual(await agent.getDefaultValueInfoAsync(credit), saved);
    const prompted = await agent.getFieldsForNewErpActorAsync(id, ErpActorType.Customer);
    assert.deepEqual(prompted.map((field) => [field.fieldKey, field.defaultValue]), [["Credit", "[F:12.5]"], ["CustName", ""]]);

    const lists = await agent.saveConnectionListMappingsAsync({
      erpConnectionId: id,
      erpListItemMappings: [
        { erpFieldId: credit, erpCrmListItemMappings: [{ erpListItemId: "no", crmListItem: { id: 578, name: "Norway" } }] },
      ],
    });
    assert.equal(lists.erpListItemMappings[0].erpCrmListItemMappings[0].crmListItem.id, 578);
    await agent.validateArchiveColumnConfigAsync("ErpSearch", id);

    const summary = await agent.getErpSyncConnectionSummaryAsync(id);
    assertContains(summary, { displayName: "Emard Group", active: true, deleted: false });
    assertContains(summary.actors[0], { hasMappings: true, mappings: "CustName > Name", defaults: "Credit = '[F:12.5]' (asked)" });
  });

  test("the engine's settings are changed", async () => {
    assertContains(await agent.changeEngineStatusAsync(true), { isRunning: true });
    await agent.changeEngineIntervalAsync(mkDuration("00:10:30"));
    const status = await agent.getEngineStatusAsync();
    assert.equal(status.interval.asSeconds(), 630);
  });

  test("a caller without the right to change connections reads those with access", async () => {
    assert.equal(await ordinary.getConnectionAsync(connection.erpConnectionId), null);
    assert.deepEqual(ids(await ordinary.getAllConnectionsAsync(true)), [second.erpConnectionId, 816]);
    await assertRefused(ordinary.saveConnectionAsync(connection), 403, "SoSentryException");
    await assertRefused(ordinary.deleteConnectionAsync(second.erpConnectionId), 403, "SoSentryException");
    await assertRefused(agent.saveConnectionAsync({ erpConnectorId: 999 }), 400, "SoValidationException");
    await assertRefused(agent.syncAllAsync(), 501, "NotImplementedException");
  });

  test("connections are deleted, then the connector", async () => {
    const id = connector.erpConnectorId;
    const canDelete = () => agent.canDeleteErpSyncConnectorEntityAsync(id);
    assert.equal(await canDelete(), ErpSyncResponseCode.ErrorConnectorHasConnections);
    await assertRefused(agent.deleteErpSyncConnectorEntityAsync(id), 400, "SoValidationException");
    for (const deleted of [connection, second]) {
      await agent.deleteConnectionAsync(deleted.erpConnectionId);
    }
    assert.deepEqual(ids(await agent.getAllConnectionsAsync(false)), [816]);
    const all = await agent.getAllConnectionsAsync(true);
    assert.deepEqual(ids(all), [second.erpConnectionId, 816, connection.erpConnectionId]);
    assert.equal(all[2].deleted, true);
    assert.equal(await canDelete(), ErpSyncResponseCode.NoError);
    await agent.deleteErpSyncConnectorEntityAsync(id);
    assert.equal((await agent.getErpSyncConnectorEntityAsync(id)).deleted, true);
    assert.ok(!(await agent.getAllConnectorsAsync()).some((item) => item.id === id));
    const missing = await agent.canDeleteErpSyncConnectorEntityAsync(99999);
    assert.equal(missing, ErpSyncResponseCode.ErrorNotFound);
  });
});
