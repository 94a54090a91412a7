// Hosts the connector over HTTP, with its description at ?wsdl.

using System;
using System.Net;
using System.Net.Sockets;
using System.ServiceModel;
using System.ServiceModel.Description;

namespace ErpSync.Wcf
{
    public static class ConnectorHost
    {
        /// <summary>Opens a host. The address is the service's URL.</summary>
        public static ServiceHost Open(Uri address)
        {
            var host = new ServiceHost(new Connector(), address);
            host.AddServiceEndpoint(typeof(IErpConnectorWS), Contract.NewBinding(), "");
            host.Description.Behaviors.Add(new ServiceMetadataBehavior { HttpGetEnabled = true });
            host.Open();
            return host;
        }

        /// <summary>Returns the URL of a service on a free loopback port.</summary>
        public static Uri FreeAddress()
        {
            var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var port = ((IPEndPoint)listener.LocalEndpoint).Port;
            listener.Stop();
            return new Uri("http://127.0.0.1:" + port + "/ErpConnectorWS.svc");
        }
    }
}
