// Where the bridge runs, and the registry its image lies in. The app itself comes with its image: ../bridge.bicep.

@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Makes names unique.')
param token string
@description('Log Analytics workspace.')
param workspaceId string
@description('Subnet of the environment; empty: a network of the platform.')
param subnetId string
@description('Replicas in three zones; needs a subnet.')
param zoneRedundant bool

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' = {
  name: 'cr${token}'
  location: location
  tags: tags
  sku: { name: 'Basic' }
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: false
  }
}

resource environment 'Microsoft.App/managedEnvironments@2025-01-01' = {
  name: 'cae-${token}'
  location: location
  tags: tags
  properties: {
    // Through Azure Monitor, which needs no key of the workspace.
    appLogsConfiguration: { destination: 'azure-monitor' }
    // No idle charge: the Consumption profile bills replicas only.
    workloadProfiles: [{ name: 'Consumption', workloadProfileType: 'Consumption' }]
    vnetConfiguration: empty(subnetId) ? null : { infrastructureSubnetId: subnetId, internal: false }
    zoneRedundant: zoneRedundant
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: environment
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'ContainerAppConsoleLogs', enabled: true }
      { category: 'ContainerAppSystemLogs', enabled: true }
    ]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

resource registryLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: registry
  properties: {
    workspaceId: workspaceId
    // Who came with which proof, and who pushed an image.
    logs: [
      { category: 'ContainerRegistryLoginEvents', enabled: true }
      { category: 'ContainerRegistryRepositoryEvents', enabled: true }
    ]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Container Apps environment.')
output environmentId string = environment.id
@description('Domain of its apps: an app is reached at NAME.DOMAIN.')
output defaultDomain string = environment.properties.defaultDomain
@description('Registry.')
output registryName string = registry.name
@description('Where images are pushed to.')
output registryServer string = registry.properties.loginServer
