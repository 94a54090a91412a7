// The setup of a connection on the demo connector, with the vendor's own client.

const assert = require("node:assert/strict");
const { after, before, describe, test } = require("node:test");
const { WebApi } = require("@superoffice/webapi");
const { CrmActorType, ErpActorType, ErpSyncResponseCode, FieldMetadataType } =
  require("@superoffice/webapi/Enums.js");
const { start } = require("../program.js");

const CONNECTOR = 411;
const COMPANY = { COMPANY: "A & B" };

let program;
let agent;

before(async () => {
  program = await start();
  const api = new WebApi(program.url);
  api.authenticateWithPassword("tje0", "Tje0");
  agent = api.getErpSyncAgent();
});

after(() => program?.stop());

describe("the setup of a connection", { concurrency: false }, () => {
  let id;

  test("the URL of a connector is tested", async () => {
    assert.equal(await agent.testConnectorUrlAsync("app://demo"), ErpSyncResponseCode.NoError);
    assert.equal(await agent.testConnectorUrlAsync(`${program.url}nothing.svc`), ErpSyncResponseCode.ErrorNotFound);
  });

  test("the config fields are described", async () => {
    const fields = await agent.getConfigurationFieldsAsync(CONNECTOR);
    const of = (key) => fields.find((field) => field.fieldKey === key);
    assert.equal(of("COMPANY").fieldType, FieldMetadataType.Text);
    assert.equal(of("PASSWORD").fieldType, FieldMetadataType.Password);
    assert.equal(of("CATEGORY").fieldType, FieldMetadataType.List);
  });

  test("config fields are tested before they are saved", async () => {
    assert.equal(await agent.testConnectionByConfigAsync(CONNECTOR, COMPANY), true);
    assert.equal(await agent.testConnectionByConfigAsync(CONNECTOR, { COMPANY: "" }), false);
  });

  test("a saved connection works", async () => {
    const saved = await agent.saveConnectionAsync({ erpConnectorId: CONNECTOR, configFields: COMPANY });
    id = saved.erpConnectionId;
    assert.equal(await agent.testConnectionByIdAsync(id), true);
  });

  test("the fields are read and mapped", async () => {
    assert.equal(await agent.updateConnectionFieldsAsync(id), true);
    const mapping = await agent.getActorTypeMappingAsync(id, ErpActorType.Customer);
    assert.equal(mapping.actorTypeCrm, CrmActorType.Contact);
    assert.ok(mapping.fieldMappings.length > 0);
    assert.equal(await agent.supportsAdvancedSearchAsync(id, ErpActorType.Customer), true);
  });

  test("the values of an actor are read", async () => {
    const values = await agent.getFieldValuesFromErpAsync(id, ErpActorType.Customer, "C1001");
    const name = values.find((value) => value.crmFieldKey === "NAME");
    assert.deepEqual([name.displayName, name.value, name.displayValue], ["Name", "Bergen Boatyard 1", "Bergen Boatyard 1"]);
    assert.deepEqual([name.syncToCrm, name.syncToErp], [false, false]);
  });

  test("the items of lists are mapped", async () => {
    const mappings = await agent.getConnectionListMappingsAsync(id);
    assert.equal(mappings.erpConnectionId, id);
    const categories = mappings.erpListItemMappings.find((mapping) => mapping.erpListName === "Categories");
    assert.deepEqual(categories.erpCrmListItemMappings.map((item) => item.erpListItemId), ["A", "B", "C", "P"]);
  });
});
