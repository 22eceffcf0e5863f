//! The receive ring of a packet socket, version 3: the kernel fills blocks of frames, we read them where
//! they lie and hand each block back (packet(7), `PACKET_RX_RING`; linux/if_packet.h, TPACKET_V3).

use std::io;
use std::mem::offset_of;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use libc::{c_int, tpacket_block_desc, tpacket_hdr_v1, tpacket3_hdr};

use super::option;

/// linux/if_packet.h, `TP_STATUS_VLAN_TPID_VALID`.
pub(crate) const VLAN_TPID_VALID: u32 = 1 << 6;

/// Where the words of a block's header are, counted from the start of the block.
const BLOCK_HEADER: usize = offset_of!(tpacket_block_desc, hdr);
const BLOCK_STATUS: usize = BLOCK_HEADER + offset_of!(tpacket_hdr_v1, block_status);
const BLOCK_FRAMES: usize = BLOCK_HEADER + offset_of!(tpacket_hdr_v1, num_pkts);
const BLOCK_FIRST: usize = BLOCK_HEADER + offset_of!(tpacket_hdr_v1, offset_to_first_pkt);

/// A mapped ring. Its socket may be closed before it: the mapping holds the memory.
#[derive(Debug)]
pub(crate) struct Ring {
    start: NonNull<u8>,
    block_size: usize,
    block_count: usize,
    next: usize,
}

// SAFETY: the mapping belongs to this value alone, and only `&mut self` reads or writes it.
unsafe impl Send for Ring {}

impl Ring {
    /// Asks for a ring and maps it. `block_size` must be a multiple of the page size.
    pub(crate) fn map(
        socket: BorrowedFd<'_>,
        block_size: u32,
        block_count: u32,
        block_timeout: Duration,
    ) -> io::Result<Self> {
        let version = libc::tpacket_versions::TPACKET_V3 as c_int;
        option::set(socket, libc::SOL_PACKET, libc::PACKET_VERSION, &version)?;
        // Version 3 packs frames of any size; the frame size is only checked, not used.
        let frame_size = 2048;
        let request = libc::tpacket_req3 {
            tp_block_size: block_size,
            tp_block_nr: block_count,
            tp_frame_size: frame_size,
            tp_frame_nr: (block_size / frame_size).saturating_mul(block_count),
            tp_retire_blk_tov: u32::try_from(block_timeout.as_millis()).unwrap_or(u32::MAX),
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        option::set(socket, libc::SOL_PACKET, libc::PACKET_RX_RING, &request)?;
        let (block_size, block_count) = (block_size as usize, block_count as usize);
        let length = block_size
            .checked_mul(block_count)
            .ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))?;
        // SAFETY: a new mapping at an address the kernel chooses, which overlaps nothing of ours.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                length,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                socket.as_raw_fd(),
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start =
            NonNull::new(start.cast()).ok_or_else(|| io::Error::from_raw_os_error(libc::ENOMEM))?;
        Ok(Self { start, block_size, block_count, next: 0 })
    }

    /// How many blocks it has.
    pub(crate) fn block_count(&self) -> usize {
        self.block_count
    }

    /// The oldest block, if the kernel has let go of it. Dropping it gives it back.
    pub(crate) fn next_block(&mut self) -> Option<Block<'_>> {
        if self.status().load(Ordering::Acquire) & libc::TP_STATUS_USER == 0 {
            return None;
        }
        // Made only now: a `Block` that is dropped gives its block away.
        Some(Block { ring: self })
    }

    fn block_start(&self) -> NonNull<u8> {
        // SAFETY: `next` is below `block_count`, so this is inside the mapping.
        unsafe { self.start.add(self.next * self.block_size) }
    }

    /// The word by which a block changes hands: the kernel sets it after its last write to the block.
    fn status(&self) -> &AtomicU32 {
        // SAFETY: inside the mapping and aligned (blocks are pages, the offset is 8); the kernel and we
        // touch this word with whole aligned accesses only.
        unsafe { AtomicU32::from_ptr(self.block_start().add(BLOCK_STATUS).as_ptr().cast()) }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping that `map` made; no `Block` can outlive `self`. A failure would only
        // leave the memory mapped.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.block_size * self.block_count) };
    }
}

/// A block that is ours for the moment.
#[derive(Debug)]
pub(crate) struct Block<'ring> {
    ring: &'ring mut Ring,
}

impl Block<'_> {
    fn bytes(&self) -> &[u8] {
        // SAFETY: one block inside the mapping. The kernel does not write to it until its status word is
        // cleared, which `drop` does when no borrow of this slice is left.
        unsafe {
            std::slice::from_raw_parts(self.ring.block_start().as_ptr(), self.ring.block_size)
        }
    }

    /// The frames of the block, in the order they came.
    pub(crate) fn frames(&self) -> Frames<'_> {
        let bytes = self.bytes();
        Frames {
            bytes,
            at: word(bytes, BLOCK_FIRST).map_or(0, |at| at as usize),
            left: word(bytes, BLOCK_FRAMES).unwrap_or(0),
        }
    }
}

impl Drop for Block<'_> {
    fn drop(&mut self) {
        // Release: what we read is read before the kernel may write there again.
        self.ring.status().store(libc::TP_STATUS_KERNEL, Ordering::Release);
        self.ring.next = (self.ring.next + 1) % self.ring.block_count;
    }
}

/// One frame as the ring holds it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawFrame<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) status: u32,
    pub(crate) vlan_tci: u32,
    pub(crate) vlan_tpid: u16,
    pub(crate) seconds: u32,
    pub(crate) nanoseconds: u32,
    pub(crate) packet_type: u8,
}

/// Reads frame after frame with every offset checked against the block.
#[derive(Debug)]
pub(crate) struct Frames<'a> {
    bytes: &'a [u8],
    at: usize,
    left: u32,
}

impl<'a> Iterator for Frames<'a> {
    type Item = RawFrame<'a>;

    fn next(&mut self) -> Option<RawFrame<'a>> {
        self.left = self.left.checked_sub(1)?;
        let header = self.bytes.get(self.at..)?;
        let frame = read_frame(header)?;
        match word(header, offset_of!(tpacket3_hdr, tp_next_offset))? {
            0 => self.left = 0,
            step => self.at += step as usize,
        }
        Some(frame)
    }
}

fn read_frame(header: &[u8]) -> Option<RawFrame<'_>> {
    // The address of the sender follows the header at the next multiple of 16 (TPACKET_ALIGN).
    const ADDRESS: usize = size_of::<tpacket3_hdr>().next_multiple_of(libc::TPACKET_ALIGNMENT);
    const TCI: usize =
        offset_of!(tpacket3_hdr, hv1) + offset_of!(libc::tpacket_hdr_variant1, tp_vlan_tci);
    const TPID: usize =
        offset_of!(tpacket3_hdr, hv1) + offset_of!(libc::tpacket_hdr_variant1, tp_vlan_tpid);
    let at = half_word(header, offset_of!(tpacket3_hdr, tp_mac))?;
    let length = word(header, offset_of!(tpacket3_hdr, tp_snaplen))? as usize;
    Some(RawFrame {
        bytes: header.get(usize::from(at)..)?.get(..length)?,
        status: word(header, offset_of!(tpacket3_hdr, tp_status))?,
        vlan_tci: word(header, TCI)?,
        vlan_tpid: half_word(header, TPID)?,
        seconds: word(header, offset_of!(tpacket3_hdr, tp_sec))?,
        nanoseconds: word(header, offset_of!(tpacket3_hdr, tp_nsec))?,
        packet_type: *header.get(ADDRESS + offset_of!(libc::sockaddr_ll, sll_pkttype))?,
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_ne_bytes(*four))
}

fn half_word(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|two| u16::from_ne_bytes(*two))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(bytes: &mut [u8], at: usize, value: u32) {
        bytes[at..at + 4].copy_from_slice(&value.to_ne_bytes());
    }

    /// Two frames of three octets as the kernel lays them out.
    fn block() -> Vec<u8> {
        let mut bytes = vec![0; 512];
        for (at, step, octet) in [(48, 128, 1), (176, 0, 2)] {
            put(&mut bytes, at + offset_of!(tpacket3_hdr, tp_next_offset), step);
            put(&mut bytes, at + offset_of!(tpacket3_hdr, tp_snaplen), 3);
            let mac = at + offset_of!(tpacket3_hdr, tp_mac);
            bytes[mac..mac + 2].copy_from_slice(&82u16.to_ne_bytes());
            bytes[at + 82..at + 85].fill(octet);
        }
        bytes
    }

    #[test]
    fn reads_the_frames_in_order() {
        let bytes = block();
        let frames: Vec<&[u8]> =
            Frames { bytes: &bytes, at: 48, left: 2 }.map(|frame| frame.bytes).collect();
        assert_eq!(frames, [&[1, 1, 1][..], &[2, 2, 2]]);
    }

    #[test]
    fn offsets_that_leave_the_block_end_the_reading() {
        for (at, value) in [
            (48 + offset_of!(tpacket3_hdr, tp_next_offset), 4096),
            (48 + offset_of!(tpacket3_hdr, tp_snaplen), u32::MAX),
            (176 + offset_of!(tpacket3_hdr, tp_snaplen), 400),
        ] {
            let mut bytes = block();
            put(&mut bytes, at, value);
            assert!(Frames { bytes: &bytes, at: 48, left: 1000 }.count() < 2);
        }
        let bytes = block();
        for end in 0..bytes.len() {
            let whole = Frames { bytes: &bytes[..end], at: 48, left: 2 }.count();
            assert!(whole <= 2);
            assert_eq!(whole == 2, end >= 176 + 85, "cut at {end}");
        }
    }
}
