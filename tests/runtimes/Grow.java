import java.util.ArrayList;
import java.util.List;

// Grows without limit, in steps of a megabyte.
class Grow {
  static byte[] more() {
    return new byte[1 << 20];
  }

  public static void main(String[] arguments) {
    List<byte[]> kept = new ArrayList<>();
    while (true) {
      kept.add(more());
    }
  }
}
