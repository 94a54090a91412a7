// Runs the connector at a URL, or on a free port, until the standard input is closed.

using System;

namespace ErpSync.Wcf
{
    static class HostProgram
    {
        static void Main(string[] arguments)
        {
            var address = arguments.Length > 0 ? new Uri(arguments[0]) : ConnectorHost.FreeAddress();
            ConnectorHost.Open(address);
            Console.WriteLine("listens on " + address);
            Console.In.ReadToEnd();
            Connector.Stopping.Set();
            Environment.Exit(0);
        }
    }
}
