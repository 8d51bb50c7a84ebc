// A network of our own: for private endpoints, and because zone redundancy of Container Apps wants one.

@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Makes names unique.')
param token string

// Container Apps and Functions on Flex Consumption both run in subnets delegated to Container Apps environments,
// each in one of its own.
var appDelegation = [
  { name: 'apps', properties: { serviceName: 'Microsoft.App/environments' } }
]

resource network 'Microsoft.Network/virtualNetworks@2024-07-01' = {
  name: 'vnet-${token}'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['10.20.0.0/16'] }
    subnets: [
      { name: 'bridge', properties: { addressPrefix: '10.20.0.0/23', delegations: appDelegation } }
      { name: 'functions', properties: { addressPrefix: '10.20.2.0/24', delegations: appDelegation } }
      { name: 'endpoints', properties: { addressPrefix: '10.20.3.0/24' } }
    ]
  }
}

@description('The network.')
output id string = network.id
@description('Subnet of Container Apps.')
output bridgeSubnetId string = '${network.id}/subnets/bridge'
@description('Subnet of Functions.')
output functionsSubnetId string = '${network.id}/subnets/functions'
@description('Subnet of private endpoints.')
output endpointsSubnetId string = '${network.id}/subnets/endpoints'
