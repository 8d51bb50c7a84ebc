// The topic that bookings and orders go out on. Restaurants subscribe to it.

@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Makes names unique.')
param token string
@description('Log Analytics workspace.')
param workspaceId string
@description('Reached over private endpoints only.')
param isPrivate bool

resource topic 'Microsoft.EventGrid/topics@2025-02-15' = {
  name: 'evgt-bookings-${token}'
  location: location
  tags: tags
  properties: {
    inputSchema: 'CloudEventSchemaV1_0'
    disableLocalAuth: true
    minimumTlsVersionAllowed: '1.2'
    dataResidencyBoundary: 'WithinRegion'
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: topic
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('The topic.')
output id string = topic.id
@description('Its name.')
output name string = topic.name
@description('Where events are published to.')
output endpoint string = topic.properties.endpoint
