// Voice Live in one region: a Foundry resource without local keys.

@description('Region; it must offer Voice Live with the model of agent.toml.')
param location string
@description('Tags of every resource.')
param tags object
@description('Name of the account and of its host.')
param name string
@description('Log Analytics workspace.')
param workspaceId string
@description('Reached over private endpoints only.')
param isPrivate bool

resource account 'Microsoft.CognitiveServices/accounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'AIServices'
  // Voice Live has no free tier.
  sku: { name: 'S0' }
  identity: { type: 'SystemAssigned' }
  properties: {
    customSubDomainName: name
    disableLocalAuth: true
    // For an agent of a Foundry project in place of a model.
    allowProjectManagement: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: { defaultAction: isPrivate ? 'Deny' : 'Allow' }
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: account
  properties: {
    workspaceId: workspaceId
    // Audit only: request logs of a speech service are of no use here, and many.
    logs: [{ categoryGroup: 'audit', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('The account.')
output id string = account.id
@description('Its name.')
output name string = account.name
