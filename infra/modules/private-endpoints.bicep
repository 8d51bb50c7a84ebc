// Private addresses of everything that both planes call, and the zones in which their names resolve to them.

@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Makes names unique.')
param token string
@description('Subnet of the endpoints.')
param subnetId string
@description('Network in which the names resolve.')
param networkId string
@description('Storage account.')
param storageId string
@description('Key Vault.')
param vaultId string
@description('Topic of bookings and orders.')
param topicId string
@description('Voice Live accounts.')
param voiceIds array

var zones = [
  'privatelink.blob.${environment().suffixes.storage}'
  'privatelink.table.${environment().suffixes.storage}'
  'privatelink.queue.${environment().suffixes.storage}'
  'privatelink.vaultcore.azure.net'
  'privatelink.eventgrid.azure.net'
  'privatelink.cognitiveservices.azure.com'
  'privatelink.services.ai.azure.com'
]

var single = [
  { name: 'blob', targetId: storageId, group: 'blob', zones: [0] }
  { name: 'table', targetId: storageId, group: 'table', zones: [1] }
  { name: 'queue', targetId: storageId, group: 'queue', zones: [2] }
  { name: 'vault', targetId: vaultId, group: 'vault', zones: [3] }
  { name: 'topic', targetId: topicId, group: 'topic', zones: [4] }
]
var voice = [
  for (voiceId, index) in voiceIds: { name: 'voice-${index}', targetId: voiceId, group: 'account', zones: [5, 6] }
]
var targets = concat(single, voice)

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for name in zones: {
    name: name
    location: 'global'
    tags: tags
  }
]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (name, index) in zones: {
    parent: zone[index]
    name: 'tabletalk'
    location: 'global'
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: networkId }
    }
  }
]

resource endpoint 'Microsoft.Network/privateEndpoints@2024-07-01' = [
  for target in targets: {
    name: 'pep-${target.name}-${token}'
    location: location
    tags: tags
    properties: {
      subnet: { id: subnetId }
      privateLinkServiceConnections: [
        {
          name: target.name
          properties: { privateLinkServiceId: target.targetId, groupIds: [target.group] }
        }
      ]
    }
  }
]

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-07-01' = [
  for (target, index) in targets: {
    parent: endpoint[index]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: map(target.zones, number => {
        name: 'zone-${number}'
        properties: { privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', zones[number]) }
      })
    }
    dependsOn: [zone]
  }
]
