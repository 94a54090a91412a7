// Forwards SOAP messages to a connector and writes the bodies to files: the number of the call, the operation, and
// "request" or "response".

using System;
using System.IO;
using System.Net;
using System.Threading;

namespace ErpSync.Wcf
{
    public sealed class RecordingProxy
    {
        readonly Uri connector;
        readonly string directory;
        readonly HttpListener listener = new HttpListener();
        int calls;

        public RecordingProxy(Uri address, Uri connector, string directory)
        {
            this.connector = connector;
            this.directory = directory;
            listener.Prefixes.Add(address.GetLeftPart(UriPartial.Authority) + "/");
            listener.Start();
            // An exception in a thread ends the process with an error.
            new Thread(Serve) { IsBackground = true }.Start();
        }

        void Serve()
        {
            while (true)
                Forward(listener.GetContext());
        }

        void Forward(HttpListenerContext context)
        {
            var action = context.Request.Headers["SOAPAction"];
            var operation = action.Trim('"').Substring(action.Trim('"').LastIndexOf('/') + 1);
            calls++;
            var file = Path.Combine(directory, calls.ToString("D2") + "-" + operation);
            var request = ReadAll(context.Request.InputStream);
            File.WriteAllBytes(file + ".request.xml", request);

            var forwarded = (HttpWebRequest)WebRequest.Create(new Uri(connector, context.Request.Url.PathAndQuery));
            forwarded.Proxy = null;
            forwarded.Method = "POST";
            forwarded.ContentType = context.Request.ContentType;
            forwarded.Headers["SOAPAction"] = action;
            using (var stream = forwarded.GetRequestStream())
                stream.Write(request, 0, request.Length);
            using (var received = ResponseTo(forwarded))
            {
                var response = ReadAll(received.GetResponseStream());
                File.WriteAllBytes(file + ".response.xml", response);
                context.Response.StatusCode = (int)received.StatusCode;
                context.Response.ContentType = received.ContentType;
                context.Response.Close(response, true);
            }
        }

        static HttpWebResponse ResponseTo(HttpWebRequest request)
        {
            try
            {
                return (HttpWebResponse)request.GetResponse();
            }
            // A fault comes with an error status.
            catch (WebException problem) when (problem.Response != null)
            {
                return (HttpWebResponse)problem.Response;
            }
        }

        static byte[] ReadAll(Stream stream)
        {
            using (var bytes = new MemoryStream())
            {
                stream.CopyTo(bytes);
                return bytes.ToArray();
            }
        }
    }
}
