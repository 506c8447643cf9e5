// tus-java-server behind Tomcat on a free port; prints 'ready URL'. usage: TusJava FOLDER
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.File;
import java.io.IOException;
import me.desair.tus.server.TusFileUploadService;
import org.apache.catalina.startup.Tomcat;

public class TusJava {
  public static void main(String[] args) throws Exception {
    var tus =
        new TusFileUploadService()
            .withUploadUri("/files")
            .withStoragePath(args[0])
            .withDownloadFeature();
    var tomcat = new Tomcat();
    tomcat.setBaseDir(args[0] + "/tomcat");
    tomcat.setHostname("127.0.0.1");
    var connector = tomcat.getConnector();
    connector.setPort(0);
    connector.setProperty("address", "127.0.0.1");
    connector.setProperty("allowedTrailerHeaders", "upload-checksum"); // Tomcat drops others
    connector.setEncodedSolidusHandling("passthrough");
    var context = tomcat.addContext("", new File(args[0]).getAbsolutePath());
    Tomcat.addServlet(
        context,
        "tus",
        new HttpServlet() {
          @Override
          protected void service(HttpServletRequest request, HttpServletResponse response)
              throws IOException {
            tus.process(request, response);
          }
        });
    context.addServletMappingDecoded("/files/*", "tus");
    context.addServletMappingDecoded("/files", "tus");
    tomcat.start();
    System.out.println("ready http://127.0.0.1:" + connector.getLocalPort() + "/files");
    tomcat.getServer().await();
  }
}
