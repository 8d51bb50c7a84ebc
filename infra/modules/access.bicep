// Who may do what: every role of both planes, one by one, each on the one resource it is needed for.
// infra/check/needs.py says which line of code needs it; a test holds the two together.

@description('Identity of the Functions app.')
param controlPrincipalId string
@description('Identity of the bridge.')
param bridgePrincipalId string
@description('Storage account.')
param storageName string
@description('Communication Services.')
param communicationName string
@description('Topic of bookings and orders.')
param topicName string
@description('Key Vault.')
param vaultName string
@description('Registry.')
param registryName string
@description('Application Insights.')
param insightsName string
@description('Voice Live accounts.')
param voiceNames array

var roles = {
  acrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d'
  cognitiveServicesUser: 'a97b65f3-24c7-4388-baec-2e87135dc908'
  // There is no narrower role for Call Automation. Its right to list keys is worth nothing here: they are off.
  communicationOwner: '09976791-48a7-449e-bb21-39d1a415f350'
  eventGridDataSender: 'd5a91429-5739-47e2-a06b-3470a27159e7'
  foundryUser: '53ca6127-db72-4b80-b1b0-d745d6d5456d'
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageTableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}

resource storage 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: storageName
}

resource communication 'Microsoft.Communication/communicationServices@2025-05-01' existing = {
  name: communicationName
}

resource topic 'Microsoft.EventGrid/topics@2025-02-15' existing = {
  name: topicName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = {
  name: registryName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource voice 'Microsoft.CognitiveServices/accounts@2025-06-01' existing = [
  for name in voiceNames: {
    name: name
  }
]

// --- the Functions app ---

resource controlBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storage
  name: guid(storage.id, controlPrincipalId, roles.storageBlobDataOwner)
  properties: {
    principalId: controlPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataOwner)
    description: 'The Functions host reads its package and keeps its keys and timer leases in blobs.'
  }
}

resource controlTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storage
  name: guid(storage.id, controlPrincipalId, roles.storageTableDataContributor)
  properties: {
    principalId: controlPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageTableDataContributor)
    description: 'Calls, bookings, orders and the outbox.'
  }
}

resource controlCalls 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: communication
  name: guid(communication.id, controlPrincipalId, roles.communicationOwner)
  properties: {
    principalId: controlPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.communicationOwner)
    description: 'Answers calls, asks about them and hangs up.'
  }
}

resource controlEvents 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: topic
  name: guid(topic.id, controlPrincipalId, roles.eventGridDataSender)
  properties: {
    principalId: controlPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.eventGridDataSender)
    description: 'Publishes bookings and orders.'
  }
}

resource controlTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, controlPrincipalId, roles.monitoringMetricsPublisher)
  properties: {
    principalId: controlPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.monitoringMetricsPublisher)
    description: 'Sends its logs, metrics and traces.'
  }
}

// --- the bridge ---

resource bridgeTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storage
  name: guid(storage.id, bridgePrincipalId, roles.storageTableDataContributor)
  properties: {
    principalId: bridgePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageTableDataContributor)
    description: 'Calls, turns, bookings and orders.'
  }
}

resource bridgeCalls 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: communication
  name: guid(communication.id, bridgePrincipalId, roles.communicationOwner)
  properties: {
    principalId: bridgePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.communicationOwner)
    description: 'Transfers calls and hangs up.'
  }
}

resource bridgeSpeech 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, index) in voiceNames: {
    scope: voice[index]
    name: guid(voice[index].id, bridgePrincipalId, roles.cognitiveServicesUser)
    properties: {
      principalId: bridgePrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.cognitiveServicesUser)
      description: 'Opens Voice Live sessions.'
    }
  }
]

resource bridgeFoundry 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, index) in voiceNames: {
    scope: voice[index]
    name: guid(voice[index].id, bridgePrincipalId, roles.foundryUser)
    properties: {
      principalId: bridgePrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.foundryUser)
      description: 'Voice Live wants it beside Cognitive Services User, for models and agents.'
    }
  }
]

resource bridgeImage 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: registry
  name: guid(registry.id, bridgePrincipalId, roles.acrPull)
  properties: {
    principalId: bridgePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.acrPull)
    description: 'Pulls its image.'
  }
}

resource bridgeSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, bridgePrincipalId, roles.keyVaultSecretsUser)
  properties: {
    principalId: bridgePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.keyVaultSecretsUser)
    description: 'Reads the metrics token and the caller key.'
  }
}

resource bridgeTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, bridgePrincipalId, roles.monitoringMetricsPublisher)
  properties: {
    principalId: bridgePrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.monitoringMetricsPublisher)
    description: 'Sends its logs, metrics and traces.'
  }
}
